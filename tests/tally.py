"""Counts test cases in what the runners left behind: prints `PASSED FAILED SKIPPED`.

    tally.py meson LOG.json     meson's log; cmocka's cases in each program's output
    tally.py junit RESULTS.xml  pytest's results
    tally.py check OUTPUT       the last line of scripts/check, or of scripts/bench --check

What ran no test, or left nothing to count, is a failure.
"""
import json
import re
import sys
import xml.etree.ElementTree


def count_program(test):
    """cmocka says how each case ended; a case that never ended took the program down."""
    output = test.get("stdout", "") + test.get("stderr", "")
    run = len(re.findall(r"\[ RUN +\]", output))
    passed = len(re.findall(r"\[ +OK \]", output))
    # Each once: cmocka lists them again behind its last line.
    skipped = len(set(re.findall(r"\[ +SKIPPED \] ([a-z]\w*)", output)))
    if test["result"] == "SKIP":
        return 0, 0, 1
    if run == 0:
        is_good = test["result"] == "OK" and output.strip() and "Running 0 test" not in output
        return (1, 0, 0) if is_good else (0, 1, 0)
    failed = run - passed - skipped
    if test["result"] != "OK":
        failed = max(failed, 1)
    return passed, failed, skipped


def count_meson(path):
    with open(path, encoding="utf-8") as file:
        rows = [count_program(json.loads(line)) for line in file if line.strip()]
    return tuple(map(sum, zip(*rows))) if rows else (0, 1, 0)


def count_junit(path):
    root = xml.etree.ElementTree.parse(path).getroot()
    suites = [root] if root.tag == "testsuite" else list(root)
    tests, failures, errors, skipped = (
        sum(int(suite.get(name)) for suite in suites)
        for name in ("tests", "failures", "errors", "skipped"))
    if tests == 0:
        return 0, 1, 0
    # An error at teardown counts beside the test that passed before it.
    failed = failures + errors
    return max(tests - failed - skipped, 0), failed, skipped


def count_check(path):
    with open(path, encoding="utf-8") as file:
        last = file.read().rstrip().rpartition("\n")[2]
    found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    return tuple(map(int, found.groups())) if found else (0, 1, 0)


COUNTERS = {"meson": count_meson, "junit": count_junit, "check": count_check}

try:
    print(*COUNTERS[sys.argv[1]](sys.argv[2]))
except (OSError, ValueError, xml.etree.ElementTree.ParseError) as error:
    print(f"tally: {error}", file=sys.stderr)
    print(0, 1, 0)
