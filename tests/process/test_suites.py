"""The runner of other people's suites: what differs, what is not steady, what is not known."""
import sys

import pytest
from shim import SOURCE

sys.path.insert(0, str(SOURCE / "tests" / "suites"))

import findings  # noqa: E402
import outcomes  # noqa: E402
import run  # noqa: E402
import suite  # noqa: E402


@pytest.mark.parametrize("plain, shim, bad, unsteady", [
    ([{"a": "ok"}], [{"a": "ok"}], 0, 0),
    ([{"a": "ok"}] * 2, [{"a": "failed"}] * 2, 1, 0),
    ([{"a": "ok"}] * 2, [{"a": "failed"}, {"a": "ok"}], 1, 0),
    ([{"a": "ok"}, {"a": "failed"}], [{"a": "failed"}] * 2, 0, 1),
    ([{"a": "ok", "b": "ok"}] * 2, [{"a": "ok"}] * 2, 1, 0),
], ids=["same", "differs", "only_with_the_shim", "unsteady", "broke_off"])
def test_a_difference_counts_unless_it_is_there_without_the_shim(plain, shim, bad, unsteady):
    result = run.Result(suite.Suite("made", "", None, None), None)
    result.plain, result.shim, result.opened = plain, shim, 1
    result.judge()
    assert (len(result.bad), result.unsteady) == (bad, unsteady)


def test_a_run_that_the_shim_did_not_see_is_bad():
    result = run.Result(suite.Suite("made", "", None, None), None)
    result.plain = result.shim = [{"a": "ok"}]
    result.judge()
    assert result.bad == ["the shim saw no connection"]


def test_only_a_finding_that_is_known_as_true_is_let_through(monkeypatch):
    known = ("leak", "main app.c", "N of N open at exit")
    monkeypatch.setitem(findings.FINDINGS, ("made*", *known), "true: it forgets")
    result = run.Result(suite.Suite("made-up", "", None, None), None)
    result.plain = result.shim = [{"a": "ok"}]
    result.opened = 1
    result.findings = {known: {"1.json"}, ("stuck", *known[1:]): {"1.json"}}
    result.judge()
    assert (result.true, len(result.bad)) == (1, 1)


def test_each_word_on_a_finding_says_true_or_false():
    assert all(word.startswith(("true: ", "false: ")) for word in findings.FINDINGS.values())


def test_tap_is_read():
    text = "1..3\nok 1 - a\nnot ok 2 - b\nok 3 # skip no c\nBail out!  gone\n"
    assert outcomes.tap("t", text) == {
        "t plan": "Bail out!  gone", "t 1": "ok", "t 2": "not ok", "t 3": "ok skip"}


def test_junit_is_read(tmp_path):
    path = tmp_path / "results.xml"
    assert outcomes.junit(path) == {"(results)": "none"}
    path.write_text('<t><testcase classname="c" name="a"/><testcase classname="c" name="b">'
                    '<failure>why</failure></testcase></t>')
    found = outcomes.junit(path)
    assert found["c a"] == "ok" and found["c b"].startswith("failure ")
