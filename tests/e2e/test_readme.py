"""The README's table of options is what the program prints."""
import pathlib
import subprocess

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def test_the_options_in_the_readme_are_those_of_the_program(binary):
    printed = subprocess.run([str(binary), "--print-options-markdown"], capture_output=True, text=True, check=True).stdout
    text = README.read_text()
    table = text.split("<!-- options -->\n", 1)[1].split("<!-- /options -->", 1)[0]
    assert table.strip() == printed.strip(), "print the table anew: kafka-sidecar --print-options-markdown"
