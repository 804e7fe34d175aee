"""What suites say of their tests, in the forms they say it: {test: outcome}."""
import hashlib
import re
import xml.etree.ElementTree


def lines(path):
    """TEST, a tab, OUTCOME; the last word on a test counts."""
    if not path.exists():
        return {"(results)": "none"}
    return dict(line.rsplit("\t", 1) for line in path.read_text().splitlines())


def digest(text):
    """A test that fails either way must fail in the same way."""
    return hashlib.md5(text.encode(errors="replace")).hexdigest()[:8]


def outcome_of(element):
    if element.tag == "skipped":
        return "skipped"
    # A server's port, an object's address.
    return f"{element.tag} {digest(re.sub('0x[0-9a-f]+|[0-9]+', '', element.text or ''))}"


def junit(path):
    """JUnit's XML, as pytest, RSpec and PHP's run-tests write it."""
    if not path.exists():
        return {"(results)": "none"}
    found = {}
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname') or ''} {case.get('name')}".strip()
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        found[name] = outcome_of(bad[0]) if bad else "ok"
    return found


def tap(name, text):
    """TAP: the numbered tests with what they are called, and what is said instead of tests."""
    found = {}
    for match in re.finditer(r"^ *(not ok|ok) (\d+)(.*)|^(1\.\.\d+.*|Bail out!.*)$", text, re.M):
        outcome, number, rest, plan = match.groups()
        if plan:
            found[f"{name} plan"] = plan
        else:
            kind = re.search(r"# (TODO|skip)", rest, re.I)
            found[f"{name} {number}"] = outcome + (f" {kind[1].lower()}" if kind else "")
    return found
