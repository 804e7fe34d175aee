"""Who asks the loader gets what he would have got, whatever else has libpq's names."""
import shutil

import pytest

from test_loader import assert_all_closed, rpath, talks


def test_a_function_of_libpqs_name_in_another_library_is_that_librarys(shim, compile_program):
    """Test doubles: the program has a libpq, and asks another library for PQconnectdb."""
    mock = compile_program("hostile/mock.c", "mock.so", "-shared", "-fPIC")
    program = compile_program("hostile/asks_mock.c", "program", "-lpq", "-ldl")
    result = shim.assert_same([program, mock])
    assert result.output == "the mock's connect\nthe mock's finish\nstatus 0\n"
    assert_all_closed(result.report, 1)


def test_a_libpq_in_a_namespace_of_its_own_is_not_mixed_up_with_the_programs(
        shim, compile_program, newer_libpq):
    """dlmopen: no object of ours is there, and the program's libpq must not answer for it."""
    program = compile_program("hostile/own_namespace.c", "program", "-lpq", "-ldl")
    result = shim.assert_same([program, newer_libpq])
    assert result.output == "libpq 15 and 17, server 15: it works\n"
    assert_all_closed(result.report, 1)


@pytest.mark.parametrize("options", [{}, {"PQLEAK": "0"}, {"PQLEAK_SKIP": "asks"}], ids=str)
def test_what_is_in_no_scope_stays_there(shim, compile_program, options):
    """The shim itself is in the scope of the program, which has no libpq of its own."""
    program = compile_program("hostile/asks.c", "asks", "-ldl")
    argv = [program, "libpq.so.5", shim.program("plugin.so")]
    result = shim.assert_same(argv, lambda argv: shim.run_preloaded(
        argv, shim.preload() | options))
    assert result.output.count("found") == 4 and not result.reports


@pytest.mark.parametrize("flags, reported", [("-ldl", 1), ("-lpq", 1)])
def test_a_wrapper_that_only_a_plugin_sees_is_called_as_ever(shim, compile_program, flags,
                                                             reported):
    """The plug-in is bound to it first, and to libpq for what it does not wrap."""
    wrapper = compile_program("wrapper.c", "libwrapper.so", "-shared", "-fPIC",
                              "-Wl,-soname,libwrapper.so", "-Wl,--no-as-needed", flags)
    directory = wrapper.rpartition("/")[0]
    plugin = compile_program("plugin.c", "plugin.so", "-shared", "-fPIC", wrapper, "-lpq",
                             f"-Wl,-rpath,{directory}")
    result = shim.assert_same([shim.program("host"), plugin, plugin])
    assert result.output == talks(15) * 2
    assert result.errors == "wrapped connect\nwrapped exec\n" * 2
    assert_all_closed(result.report, 2 * reported)


@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_shims_the_first_records(shim, tmp_path, is_first):
    """Preloaded from two places, before a libpq that only a plug-in sees."""
    other = shutil.copy(shim.library, tmp_path / "libpqleak.so")
    chain = [str(shim.library), other] if is_first else [other, str(shim.library)]
    environment = shim.preload(log=tmp_path / "log", format="text")
    environment["LD_PRELOAD"] = " ".join(map(str, chain))
    argv = [shim.program("host"), shim.program("plugin.so"), "-forget", shim.program("plugin.so")]
    result = shim.execute(argv, environment)
    assert (result.status, result.output) == (0, talks(15) + "status 0\n")
    # The copy has no companion beside it; both reports begin alike.
    log = (tmp_path / "log").read_text() + result.errors
    assert log.count("2 connections opened, 1 ") == 1 and "PQconnectStart" not in log


@pytest.mark.parametrize("sanitizer", ["thread", "address"])
def test_a_sanitizer_in_the_program_does_not_notice(shim, compile_program, sanitizer, monkeypatch):
    """clang's are linked into the program, and stand before libc's functions."""
    monkeypatch.setenv("CC", "clang")
    program = compile_program("by_dlsym.c", "program", f"-fsanitize={sanitizer}", "-ldl")
    result = shim.assert_same([program, "libpq.so.5", "libpq.so.5"])
    assert_all_closed(result.report, 2)
