#!/usr/bin/env python3
"""Memory after a million calls beside memory after ten thousand, which must be the same within 5 %.

usage: leak.py --sidecar build/release/kafka-sidecar [--calls 1000000]
The brokers are the project's fake ones (make example). Exits with 1 when memory has grown.
"""
import argparse
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from lib.calls import MIXED, run_calls  # noqa: E402
from lib.kafka import FakeKafka  # noqa: E402
from lib.sidecar import Sidecar  # noqa: E402

FIRST_CALLS = 10_000
MOST_GROWTH = 1.05


def measure(sidecar, calls):
    """Calls, and says what it came to."""
    began = time.monotonic()
    run_calls(sidecar.listener, MIXED, calls)
    took_s = time.monotonic() - began
    print(f"{calls:>9} calls in {took_s:6.1f} s, {calls / took_s:7.0f} a second: {sidecar.rss_kib} KiB", flush=True)
    return sidecar.rss_kib


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sidecar", required=True, type=pathlib.Path)
    parser.add_argument("--calls", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        kafka = FakeKafka(options.sidecar.parent / "fake-kafka", folder / "fake-kafka.log", ["t:2"])
        sidecar = Sidecar(options.sidecar, folder, kafka.bootstrap, "g", ["t"])
        try:
            sidecar.wait_ready()
            before = measure(sidecar, FIRST_CALLS)
            after = measure(sidecar, options.calls)
            sidecar.close()
        finally:
            sidecar.kill()
            kafka.down()
    return 0 if after <= before * MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
