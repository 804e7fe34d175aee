"""Trap D in every call: two libpqs in one process, whose callers take turns.

The wheel's: of two with one soname, the loader gives the first to both callers.
"""
import pytest

from shim import total
from test_majors import exported_calls, said, wrapped_calls


@pytest.fixture
def plugin(compile_program, programs):
    """every_call as a plug-in that talks through one libpq."""

    def build(name, *libraries):
        first, *rest = sorted((programs / "every_call").glob("*.c"))
        return compile_program(first, name, *rest, "-shared", "-fPIC", "-Dmain=plugin_talk",
                               "-include", programs / "turns.h", *libraries)

    return build


def test_two_libpqs_stay_apart_in_every_call(shim, plugin, wheel_libpq):
    debian = plugin("debian.so", "-lpq")
    other = plugin("other.so", wheel_libpq, f"-Wl,-rpath,{wheel_libpq.parent}")
    result = shim.assert_same([shim.program("two_at_once"), debian, other])
    assert result.status == 0, result.errors
    calls = {call for call, _, _ in said(result.output)}
    assert wrapped_calls().keys() & exported_calls(wheel_libpq) <= calls

    report = result.report
    (process,) = report["processes"]
    assert sorted(libpq["version"] // 10000 for libpq in process["libpq"]) == [15, 17]
    assert total(report, "opened") == total(report, "closed")
    assert {site["verdict"] for site in report["sites"]} == {"ok"}
    assert report["misuse"] == []
    for site in report["sites"]:
        plugins = {frame["module"] for frame in site["opened_stack"]} & {debian, other}
        (libpq,) = {frame["module"] for frame in site["opened_stack"]
                    if frame["library"] == "libpq"}
        assert (plugins == {other}) == (libpq == str(wheel_libpq.resolve()))
