"""Holds the JSON reports that a program prints against the schema, and the schema
against its own rules; a report with one field renamed must not pass."""
import copy
import json
import subprocess
import sys

import jsonschema


def reports_of(text):
    decoder = json.JSONDecoder()
    while text.strip():
        report, end = decoder.raw_decode(text.lstrip())
        text = text.lstrip()[end:]
        yield report


def renamed(value, path=()):
    """Yields a copy of `value` for each key in it, with that key renamed."""
    found = value
    for step in path:
        found = found[step]
    if isinstance(found, dict):
        for key in found:
            changed = copy.deepcopy(value)
            place = changed
            for step in path:
                place = place[step]
            place["x" + key] = place.pop(key)
            yield path + (key,), changed
            yield from renamed(value, path + (key,))
    elif isinstance(found, list) and found:
        yield from renamed(value, path + (0,))


program, schema_path = sys.argv[1:]
schema = json.load(open(schema_path, encoding="utf-8"))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
reports = list(reports_of(printed))
assert len(reports) == 5, len(reports)
for report in reports:
    validator.validate(report)
tried = 0
for path, changed in [*renamed(reports[0]), *renamed(reports[-1])]:
    if path[:3] == ("misuse", 0, "stacks") and len(path) == 4:
        continue  # names of stacks are free
    assert not validator.is_valid(changed), path
    tried += 1
assert tried > 100, tried
print(f"{len(reports)} reports fit, {tried} with a renamed field do not")
