"""A connect inside a gevent greenlet does not crash, and its Python frames are right."""
import pytest

from conftest import PYTHONS
from shim import total


@pytest.fixture(params=["debian", "newest"])
def gevent_python(request):
    return str(PYTHONS[request.param])


def test_a_connect_inside_a_greenlet_has_its_python_frames(shim, programs, gevent_python):
    result = shim.assert_same([gevent_python, programs / "greenlets.py"])
    assert (result.status, result.output) == (0, "10\n")
    report = result.report
    assert total(report, "opened") == 5
    for site in report["sites"]:
        assert site["user_line"]["function"] == "forget_in_greenlet"
        assert site["user_line"]["source"] == 'connection = psycopg2.connect("")'
