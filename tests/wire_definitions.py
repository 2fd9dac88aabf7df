#!/usr/bin/env python3
"""Compares our field tables with Apache Kafka's own message definitions.

usage: wire_definitions.py WIRE_DUMP [KAFKA_CLIENTS_JAR]

WIRE_DUMP is the program of tests/wire_dump.c, which prints the tables. The definitions lie in the
jar under common/message/. For every message in every version that we speak, all must be the same:
names, types, order, nullability, defaults, tags, compact or not. Exits 1 and says what differs.
"""
import json
import re
import subprocess
import sys
import zipfile

JAR = ".cache/kafka/4.4.0/kafka-clients-4.4.0.jar"
# The least that must be there, so that an empty dump or a message that fell out of it is seen.
SPOKEN = {
    "ApiVersions": "0,3-5", "Metadata": "1-13", "FindCoordinator": "1-6", "JoinGroup": "2-9",
    "SyncGroup": "0-5", "Heartbeat": "0-4", "LeaveGroup": "0-5", "OffsetFetch": "1-10",
    "OffsetCommit": "2-10", "ListOffsets": "1-11", "OffsetForLeaderEpoch": "2-4", "Fetch": "4-17",
    "SaslHandshake": "1", "SaslAuthenticate": "0-2",
}
ALSO_SPOKEN = {
    "RequestHeader": "1-2", "ResponseHeader": "0-1", "ConsumerProtocolSubscription": "0-3",
    "ConsumerProtocolAssignment": "0-3",
}


def versions(text):
    """The set of versions in "0-4", "3+", "none", or "0,3-5"."""
    found = set()
    for part in (text or "none").split(","):
        if part == "none":
            continue
        low, dash, high = part.rstrip("+").partition("-")
        top = 999 if part.endswith("+") else int(high if dash else low)
        found.update(range(int(low), top + 1))
    return found


def snake(name):
    """MemberId and memberId -> member_id."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def default_of(field, kind):
    """The value that a field has when nobody sets it, as Kafka's generator decides it."""
    text = field.get("default")
    if text == "null":
        return None
    if kind.startswith("[]"):
        return []
    if kind == "bool":
        return str(text).lower() == "true"
    if re.fullmatch(r"u?int\d+", kind):
        return int(str(text), 0) if text not in (None, "") else 0
    assert text in (None, ""), f"a default of {kind}: {text!r}"
    return ""


def expected_fields(definition, structs, version):
    """The fields of one struct in one version, as wire_dump prints them."""
    result = []
    for field in definition:
        if version not in versions(field["versions"]):
            continue
        kind = field["type"]
        array = "[]" if kind.startswith("[]") else ""
        base = kind[len(array):]
        is_struct = base[0].isupper()
        tagged = version in versions(field.get("taggedVersions"))
        entry = {
            "name": snake(field["name"]),
            "type": array + ("struct" if is_struct else base),
            "nullable": version in versions(field.get("nullableVersions")),
            "plain": field.get("flexibleVersions") == "none",
            "tag": field["tag"] if tagged else None,
            "default": default_of(field, array + base),
        }
        if is_struct:
            inner = field.get("fields") or structs[base]
            entry["fields"] = expected_fields(inner, structs, version)
        result.append(entry)
    return result


def definitions(jar):
    """name -> definition, of every message in the jar."""
    found = {}
    with zipfile.ZipFile(jar) as archive:
        for path in archive.namelist():
            if not re.fullmatch(r"common/message/\w+\.json", path):
                continue
            lines = archive.read(path).decode().splitlines()
            text = "\n".join(line for line in lines if not line.lstrip().startswith("//"))
            definition = json.loads(text)
            found[definition["name"]] = definition
    return found


def differences(ours, theirs, where):
    """What differs between two lists of fields, as sentences."""
    if [f["name"] for f in ours] != [f["name"] for f in theirs]:
        yield (f"{where}: we have {' '.join(f['name'] for f in ours)}, "
               f"Kafka has {' '.join(f['name'] for f in theirs)}")
        return
    for mine, other in zip(ours, theirs):
        inside = f"{where}.{mine['name']}"
        for key in other.keys() | mine.keys():
            if key != "fields" and (mine.get(key, "-"), type(mine.get(key))) != (
                    other.get(key, "-"), type(other.get(key))):
                yield f"{inside}: {key}: we have {mine.get(key)!r}, Kafka has {other.get(key)!r}"
        yield from differences(mine.get("fields", []), other.get("fields", []), inside)


def check_message(line, known):
    """What is wrong with one message in one version, as sentences."""
    name = "".join(part.capitalize() for part in line["message"].split("_"))
    where = f"{name} v{line['version']}"
    definition = known.get(name)
    if not definition:
        yield f"{where}: Kafka has no such message"
        return
    if line["version"] not in versions(definition["validVersions"]):
        yield f"{where}: Kafka speaks {definition['validVersions']}"
    if line["key"] != definition.get("apiKey", -1):
        yield f"{where}: key {line['key']}, Kafka has {definition.get('apiKey', -1)}"
    if line["flexible"] != (line["version"] in versions(definition["flexibleVersions"])):
        yield f"{where}: flexible: Kafka has {definition['flexibleVersions']}"
    structs = {s["name"]: s["fields"] for s in definition.get("commonStructs", [])}
    theirs = expected_fields(definition["fields"], structs, line["version"])
    yield from differences(line["fields"], theirs, where)


def main(arguments):
    if len(arguments) not in (2, 3):
        sys.exit(__doc__)
    known = definitions(arguments[2] if len(arguments) == 3 else JAR)
    dump = subprocess.run([arguments[1]], check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in dump.splitlines()]
    wrong = [problem for line in lines for problem in check_message(line, known)]

    least = dict(ALSO_SPOKEN)
    for name, text in SPOKEN.items():
        least[name + "Request"] = least[name + "Response"] = text
    for name, text in least.items():
        have = {line["version"] for line in lines if line["message"] == snake(name)}
        if have != versions(text):
            wrong.append(f"{name}: we speak {sorted(have)}, wanted {text}")
    for problem in wrong:
        print(problem)
    if wrong:
        sys.exit(f"{len(wrong)} differences from Kafka's definitions")
    count = len({line["message"] for line in lines})
    print(f"{count} messages, {len(lines)} versions of them: as in Kafka's definitions")


if __name__ == "__main__":
    main(sys.argv)
