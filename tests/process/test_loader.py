"""The loader traps of the field notes, each with the program that a naive shim fails."""
import subprocess

import pytest

from shim import sites_with, total

EACH_ITS_OWN = "libpq {libpq}, server 15, host 127.0.0.1: it works\n"


def talks(version):
    return EACH_ITS_OWN.format(libpq=version)


def rpath(library):
    return f"-Wl,-rpath,{library.parent}"


def assert_all_closed(report, count):
    assert (total(report, "opened"), total(report, "closed")) == (count, count)
    assert {site["verdict"] for site in report["sites"]} == {"ok"}


def test_a_plugin_opened_local_reaches_its_own_libpq(shim):
    """Trap A: the main program has no libpq, so dlsym(RTLD_NEXT) finds none."""
    result = shim.assert_same([shim.program("host"), shim.program("plugin.so")])
    assert result.output == talks(15)
    assert_all_closed(result.report, 1)


def test_two_libpqs_in_one_process_are_never_mixed_up(shim, compile_program, wheel_libpq):
    """Trap D: each connection talks through the library that made it."""
    other = compile_program("plugin.c", "other.so", "-shared", "-fPIC", wheel_libpq,
                            rpath(wheel_libpq))
    own = shim.program("plugin.so")
    result = shim.assert_same([shim.program("host"), own, other, own, other])
    assert result.output == (talks(15) + talks(17)) * 2
    assert_all_closed(result.report, 4)
    libraries = {library["path"]: library["version"] // 10000
                 for library in result.report["processes"][0]["libpq"]}
    assert sorted(libraries.values()) == [15, 17]
    assert str(wheel_libpq.resolve()) in libraries


def test_two_python_drivers_bring_a_libpq_each(shim, clients, programs):
    """Trap D as it is met in the wild: the wheels of psycopg2 and psycopg 3."""
    python = clients / "sqlalchemy-2.0.38" / "bin" / "python"
    result = shim.assert_same([python, programs / "two_libraries.py"])
    assert result.output == "17 15 127.0.0.1\n18 15 127.0.0.1\n"
    assert_all_closed(result.report, 2)
    assert len(result.report["processes"][0]["libpq"]) == 2


def test_the_main_programs_handle_gives_no_endless_recursion(shim):
    """Trap E: dlsym on the program's own handle finds the shim."""
    result = shim.assert_same([shim.program("main_handle")])
    assert_all_closed(result.report, 2)


def test_an_unloaded_plugin_leaves_its_name_in_the_report(shim):
    """Trap F: libpq and the plug-in are gone from memory when the report is made."""
    plugin = shim.program("plugin.so")
    result = shim.assert_same([shim.program("host"), "-unload", "-forget", plugin])
    (leak,) = sites_with(result.report, "leak")
    assert leak["count"] == 1
    assert leak["user_line"]["function"] == "plugin_forget"


def test_a_plugin_loaded_again_after_its_unload_still_works(shim):
    plugin = shim.program("plugin.so")
    result = shim.assert_same([shim.program("host"), "-unload", plugin, plugin, plugin])
    assert result.output == talks(15) * 3
    assert_all_closed(result.report, 3)


def test_what_libpq_calls_inside_itself_is_not_counted(shim):
    """Trap H: PQconnectdb calls PQconnectStart through the PLT."""
    report = shim.run_preloaded([shim.program("endings"), "close"]).report
    assert_all_closed(report, 1)
    (site,) = report["sites"]
    assert site["opened_stack"][0]["function"] == "PQconnectdb"


def test_a_cancel_connection_is_no_connection_of_the_program(shim, compile_program, newer_libpq):
    """Trap J: PQcancelFinish tail-jumps to PQfinish in libpq 17."""
    program = compile_program("cancel.c", "cancel", newer_libpq, rpath(newer_libpq), "-ldl")
    result = shim.assert_same([program])
    assert result.output == "libpq 17, cancelled 1\nstatus 0\n"
    assert_all_closed(result.report, 1)


def test_another_major_of_libpq_works_as_the_linked_one(shim, compile_program, newer_libpq):
    plugin = compile_program("plugin.c", "newer.so", "-shared", "-fPIC", newer_libpq,
                             rpath(newer_libpq))
    result = shim.assert_same([shim.program("host"), plugin])
    assert result.output == talks(17)
    assert_all_closed(result.report, 1)


def loaded(report):
    """How the libpqs of the only process came into it, by their major version."""
    return {library["version"] // 10000: set(library["loaded"])
            for library in report["processes"][0]["libpq"]}


def test_a_deep_bound_plugin_is_seen(shim):
    """Trap B: RTLD_DEEPBIND binds a plug-in past every preloaded library."""
    plugin = shim.program("plugin.so")
    result = shim.assert_same([shim.program("host"), "-deep", plugin, "-forget", plugin])
    assert result.output.startswith(talks(15))
    assert (total(result.report, "opened"), total(result.report, "closed")) == (2, 1)
    (leak,) = sites_with(result.report, "leak")
    assert leak["user_line"]["function"] == "plugin_forget"
    assert loaded(result.report) == {15: {"global", "deepbound"}}


def test_a_program_may_keep_its_deep_binding(shim):
    argv = [shim.program("host"), "-deep", shim.program("plugin.so")]
    result = shim.assert_same(argv, lambda argv: shim.run_preloaded(
        argv, shim.preload(keep_deepbind=1)))
    assert (result.output, result.reports) == (talks(15), [])


def test_deep_binding_is_left_alone_where_nothing_is_recorded(shim, compile_program, tmp_path):
    """A library with a function of the program's name: which of the two answers?"""
    plugin = compile_program("bound.c", "bound.so", "-shared", "-fPIC", "-DPLUGIN")
    program = compile_program("bound.c", "bound", "-rdynamic", "-ldl")
    for options, answer in [({"keep_deepbind": 1}, "plug-in"), ({"skip": "bound"}, "plug-in"),
                            ({}, "program")]:
        result = shim.run_preloaded([program, plugin], shim.preload(**options))
        assert result.behaviour() == (0, f"the {answer}'s\n", "")
    off = shim.run_preloaded([program, plugin], shim.preload() | {"PQLEAK": "0"})
    assert off.behaviour() == (0, "the plug-in's\n", "")


def test_functions_of_dlsym_are_those_of_the_libpq_that_was_asked(shim, newer_libpq,
                                                                  wheel_libpq):
    """Trap C, with trap D: whoever calls them, each connection's calls reach its own libpq."""
    debian = "libpq.so.5"
    argv = [shim.program("by_dlsym"), debian, newer_libpq, "-forget", wheel_libpq, debian]
    result = shim.assert_same(argv)
    lines = result.output.splitlines(keepends=True)
    assert lines[:6] == ["PQconnectdb: none\n", "in no scope: none\n", "PQfinish: none\n",
                         "in the program's: none\n", "PQexec: none\n", "the next: none\n"]
    answers = [line for line in lines[6:] if line.startswith("libpq ")]
    assert answers == [talks(15), talks(17), talks(17), talks(15)]
    assert lines.count("PQnobody: none\n") == 4
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (4, 3)
    (leak,) = sites_with(report, "leak")
    assert (leak["endings"]["open"], leak["user_line"]["function"]) == (1, "open_through")
    libraries = report["processes"][0]["libpq"]
    assert sorted(library["version"] // 10000 for library in libraries) == [15, 17, 17]
    assert all("dlsym" in library["loaded"] for library in libraries)


def test_a_linked_libpq_says_so(shim):
    result = shim.run_preloaded([shim.program("endings"), "open"])
    assert loaded(result.report) == {15: {"linked"}}


def test_a_library_is_found_by_its_openers_runpath(shim, compile_program, tmp_path):
    """Trap G: dlopen and dlsym look at who called them."""
    inner = tmp_path / "inner"
    inner.mkdir()
    names = {"named": "-DNAME=\"the library\"", "libpart.so": "-DNAME=\"the part\""}
    compile_program("runpath.c", "inner/libpart.so", "-shared", "-fPIC", names["libpart.so"])
    named = compile_program("runpath.c", "inner/libnamed.so", "-shared", "-fPIC", names["named"])
    plugin = compile_program("runpath.c", "runpath.so", "-shared", "-fPIC", "-DPLUGIN",
                             "-DNAME=\"the plug-in\"", "-Wl,--no-as-needed", named,
                             "-Wl,--enable-new-dtags", "-Wl,-rpath,$ORIGIN/inner", "-ldl")
    program = compile_program("runpath.c", "runpath", "-DPROGRAM", "-ldl")
    result = shim.assert_same([program, plugin, "libpart.so"])
    assert (result.status, result.output) == (0, "opened, the next is the library\n")


@pytest.mark.parametrize("option, closed, leaks", [("", 2, 1), ("-close", 3, 0), ("-hooked", 3, 0)])
def test_a_connection_made_past_the_wrappers_is_seen_all_the_same(shim, option, closed, leaks):
    """The second line: every attempt passes PQconnectPoll, every end an event procedure."""
    result = shim.assert_same([shim.program("past_wrappers"), *filter(None, [option])])
    report = result.report
    assert (total(report, "opened"), total(report, "closed")) == (3, closed)
    (failed,) = [site for site in report["sites"] if site["connections"][0]["sqlstate"]]
    assert failed["connections"][0]["sqlstate"] == "3D000"
    sites = sites_with(report, "leak")
    assert [site["user_line"]["function"] for site in sites] == ["open_async"] * leaks
    for site in sites:
        assert site["connections"][0]["backend_pid"] > 0


def test_exceptions_of_a_plugin_pass_as_without_the_shim(shim):
    """Trap L: libunwind's own _Unwind_RaiseException must not be the program's."""
    argv = [shim.program("throwing_host"), shim.program("throwing_plugin.so")]
    result = shim.assert_same(argv)
    assert (result.status, result.output) == (8, "caught: thrown by the plug-in, connected\n" * 3)
    assert_all_closed(result.report, 3)


def readelf(option, library):
    return subprocess.run(["readelf", "-W", option, library], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def test_the_shim_needs_libc_and_nothing_else(shim):
    """Trap L: what is in DT_NEEDED is in the host's scope."""
    needed = [line.split("[")[1].rstrip("]") for line in readelf("-d", shim.library).splitlines()
              if "(NEEDED)" in line]
    assert set(needed) <= {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    assert "libc.so.6" in needed


def test_the_shim_defines_no_symbol_versions(shim):
    """Trap K: a version node of its own would be bypassed by PQconnectdb@RHPG_9.6."""
    assert "VERDEF" not in readelf("-d", shim.library)


VERSIONS = "RHPG_9.6 { global: PQ*; local: *; };"


@pytest.fixture
def run_against(shim, compile_program, tmp_path):
    """Runs `forgotten` against a small libpq that was linked in a way of its own."""

    def run(*flags):
        name = "libpq-small.so.5"
        library = compile_program("small_libpq.c", name, "-shared", "-fPIC",
                                  f"-Wl,-soname,{name}", *flags)
        program = compile_program("forgotten.c", "program", library, f"-Wl,-rpath,{tmp_path}")
        report = shim.assert_same([program]).report
        assert [total(report, name) for name in ("opened", "closed", "open")] == [3, 1, 2]
        for site in report["sites"]:
            assert site["opened_stack"][0]["function"] == "PQconnectdb"
        return program

    return run


def test_a_libpq_whose_calls_do_not_pass_the_plt_is_counted_alike(run_against):
    """Trap I: in a -Bsymbolic libpq, PQconnectdb calls PQconnectStart past the shim."""
    run_against("-Wl,-Bsymbolic")
    run_against()


def test_a_versioned_reference_is_not_missed(run_against, tmp_path):
    """Trap K: programs of RHEL and Fedora refer to PQconnectdb@RHPG_9.6."""
    script = tmp_path / "versions.map"
    script.write_text(VERSIONS)
    program = run_against(f"-Wl,--version-script={script}")
    assert "PQconnectdb@RHPG_9.6" in readelf("--dyn-syms", program)


def test_an_installed_shim_finds_its_companion(shim, tmp_path):
    """Installed in another prefix than the build was made for, as a package is."""
    subprocess.run(["meson", "install", "-C", shim.build, "--no-rebuild", "--quiet",
                    "--destdir", tmp_path / "root"], check=True)
    (library,) = (tmp_path / "root").rglob("libpqleak.so")
    result = shim.run_preloaded([shim.program("endings"), "open"], shim.preload(library))
    assert total(result.report, "open") == 1
    (companion,) = (tmp_path / "root").rglob("bin/pqleak")
    shim.companion = companion
    assert total(shim.run_companion([shim.program("endings"), "open"]).report, "open") == 1
