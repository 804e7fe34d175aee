"""Names for native frames, of programs compiled in many ways and stripped in many ways.

The judges: labels in the programs, whose answers are written beside them; binutils' addr2line
and readelf.
"""
import lzma
import os
import pathlib
import random
import re
import subprocess
import typing

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", SOURCE / "build")).absolute()
PROGRAMS = SOURCE / "tests" / "programs" / "symbolize"
PROBE = BUILD / "tests" / "programs" / "symbolize" / "symbolize_probe"

COMPILERS = ["gcc", "clang"]
WAYS = {
    "pie": ["-fPIE", "-pie"],
    "not-pie": ["-fno-PIE", "-no-pie"],
    "dwarf-4": ["-gdwarf-4"],
    "dwarf-5": ["-gdwarf-5"],
    "split-dwarf-4": ["-gdwarf-4", "-gsplit-dwarf"],
    "split-dwarf-5": ["-gdwarf-5", "-gsplit-dwarf"],
    "compressed": ["-gz"],
    "dropped-sections": ["-ffunction-sections", "-Wl,--gc-sections"],
}


class Location(typing.NamedTuple):
    function: str
    file: str
    line: int
    is_inlined: bool


class Answer(typing.NamedTuple):
    locations: list
    problem: str


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True,
                          stdout=subprocess.PIPE, **options).stdout


def ask(path, addresses, build_id="-", debug_path=None):
    questions = "".join(f"{address:x}\t{build_id}\t{path}\n" for address in addresses)
    lines = iter(run(PROBE, *([debug_path] if debug_path else []), input=questions,
                     stderr=subprocess.DEVNULL).splitlines())
    answers = []
    for line in lines:
        count, problem = line.removeprefix("= ").split("\t")
        locations = []
        for _ in range(int(count)):
            function, file, number, is_inlined = next(lines).split("\t")
            locations.append(Location(function, file, int(number), is_inlined == "1"))
        answers.append(Answer(locations, problem))
    assert len(answers) == len(addresses)
    return answers


def compiled(directory, compiler, source, *flags):
    target = directory / pathlib.Path(source).stem
    driver = {"gcc": "g++", "clang": "clang++"}[compiler] if source.endswith(".cc") else compiler
    # Run in a directory of its own with a relative source: the full path must come out.
    relative = os.path.relpath(PROGRAMS / source, directory)
    run(driver, "-O2", "-g", *flags, "-Wl,--build-id", relative, "-o", target, cwd=directory)
    return target


def symbols(path, *options):
    """Functions by name: (start, end)."""
    found = {}
    for line in run("readelf", "-sW", *options, path).splitlines():
        fields = line.split()
        if len(fields) < 8 or fields[3] not in ("FUNC", "IFUNC", "NOTYPE") or fields[6] == "UND":
            continue
        start = int(fields[1], 16)
        found.setdefault(fields[7].split("@")[0], []).append((start, start + int(fields[2], 0)))
    return found


def label(path, name):
    return symbols(path)[name][0][0]


def build_id(path):
    return re.search(r"Build ID: ([0-9a-f]+)", run("readelf", "-nW", path))[1]


def line_of(source, comment):
    for number, line in enumerate((PROGRAMS / source).read_text().splitlines(), 1):
        if line.rstrip(" */").endswith(f"line: {comment}"):
            return number
    raise AssertionError(f"no line says 'line: {comment}'")


def assert_chain(answer, source, *expected):
    """expected: (function, comment that marks its line), innermost first."""
    assert [(place.function, place.line) for place in answer.locations] == [
        (function, line_of(source, comment)) for function, comment in expected]
    assert [place.is_inlined for place in answer.locations] == \
        [True] * (len(expected) - 1) + [False]
    for place in answer.locations:
        assert place.file.startswith("/")
        assert os.path.realpath(place.file) == str(PROGRAMS / source)


def assert_inlined_c(program, addresses, **options):
    """addresses: of the labels, in the program before it was stripped."""
    inner, outer, local = ask(program, addresses, **options)
    assert_chain(inner, "inlined.c", ("innermost", "innermost"), ("middle", "middle"),
                 ("outer", "outer"))
    assert_chain(outer, "inlined.c", ("outer", "outer alone"))
    assert_chain(local, "inlined.c", ("local", "local"))


def labels(program):
    return [label(program, name) for name in ("at_innermost", "at_outer", "at_local")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("compiler", COMPILERS)
def test_inlined_callers_have_their_lines(tmp_path, compiler, way):
    program = compiled(tmp_path, compiler, "inlined.c", *WAYS[way])
    assert_inlined_c(program, labels(program), build_id=build_id(program))


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_chain_that_is_too_deep_keeps_both_ends(tmp_path, compiler):
    program = compiled(tmp_path, compiler, "inlined.c")
    answer, = ask(program, [label(program, "at_deep")])
    names = [place.function for place in answer.locations]
    assert names == [f"deep_{level}" for level in range(15)] + ["deep"]
    assert answer.locations[0].line == line_of("inlined.c", "deep")
    assert answer.locations[-1].line == line_of("inlined.c", "deep outermost")


def split(program, debug_file):
    """What distributions do: the debug information in a file of its own."""
    run("objcopy", "--only-keep-debug", program, debug_file)
    run("strip", program)
    assert "at_innermost" not in symbols(program)


@pytest.mark.parametrize("place", [".", ".debug"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_debug_link_is_followed(tmp_path, compiler, place):
    program = compiled(tmp_path, compiler, "inlined.c")
    addresses = labels(program)
    debug_file = tmp_path / place / "separate"
    debug_file.parent.mkdir(exist_ok=True)
    split(program, debug_file)
    assert [answer.locations for answer in ask(program, addresses)] == [[], [], []]
    run("objcopy", f"--add-gnu-debuglink={debug_file}", program)
    assert_inlined_c(program, addresses)


def test_a_debug_link_to_another_build_is_not_followed(tmp_path):
    (tmp_path / "other").mkdir()
    other = compiled(tmp_path / "other", "gcc", "inlined.c", "-DOTHER", "-O1")
    for flags in [], ["-Wl,--build-id=none"]:
        program = compiled(tmp_path, "gcc", "inlined.c", *flags)
        addresses = labels(program)
        split(program, tmp_path / "separate")
        run("objcopy", f"--add-gnu-debuglink={tmp_path / 'separate'}", program)
        run("objcopy", "--only-keep-debug", other, tmp_path / "separate")
        assert [answer.locations for answer in ask(program, addresses)] == [[], [], []]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_build_id_directory_is_searched(tmp_path, compiler):
    program = compiled(tmp_path, compiler, "inlined.c")
    addresses = labels(program)
    identity = build_id(program)
    debug_file = tmp_path / "debug" / ".build-id" / identity[:2] / f"{identity[2:]}.debug"
    debug_file.parent.mkdir(parents=True)
    split(program, debug_file)
    assert_inlined_c(program, addresses, debug_path=f"/nonexistent:{tmp_path / 'debug'}")
    # Upgraded since: the debug file of what ran is still there.
    program.unlink()
    assert_inlined_c(program, addresses, build_id=identity, debug_path=tmp_path / "debug")
    compiled(tmp_path, compiler, "inlined.c", "-O1")
    assert_inlined_c(program, addresses, build_id=identity, debug_path=tmp_path / "debug")


def test_exported_names_are_all_that_a_stripped_library_has(tmp_path):
    library = compiled(tmp_path, "gcc", "inlined.c", "-shared", "-fPIC")
    inner, outer, local = labels(library)
    run("strip", library)
    answers = ask(library, [inner, outer, local])
    # The labels in it are exported too, and have no size: the function wins.
    assert [[place.function for place in answer.locations] for answer in answers[:2]] == \
        [["outer"], ["outer"]]
    assert [place.file for place in answers[0].locations] == ["??"]
    assert [place.function for place in answers[2].locations] == ["at_local"]
    assert answers[0].problem == "the file is stripped, only what it exports has a name"


def test_a_program_stripped_of_everything_says_so(tmp_path):
    program = compiled(tmp_path, "gcc", "inlined.c", "-static")
    addresses = labels(program)
    run("strip", program)
    for answer in ask(program, addresses):
        assert answer == Answer([], "the file has no symbols")


def test_the_compressed_symbols_of_a_stripped_program_are_read(tmp_path):
    """.gnu_debugdata, as Fedora's packages have it."""
    program = compiled(tmp_path, "gcc", "inlined.c")
    address = symbols(program)["local"][0][0]
    small = tmp_path / "small"
    run("objcopy", "-S", "--remove-section=.comment", "--keep-symbol=local", program, small)
    (tmp_path / "small.xz").write_bytes(lzma.compress(small.read_bytes()))
    run("strip", program)
    assert ask(program, [address])[0].locations == []
    run("objcopy", f"--add-section=.gnu_debugdata={tmp_path / 'small.xz'}", program)
    assert ask(program, [address])[0].locations == [Location("local", "??", 0, False)]


@pytest.mark.parametrize("compiler", COMPILERS)
def test_templates_are_readable(tmp_path, compiler):
    program = compiled(tmp_path, compiler, "templates.cc")
    names = {"at_find": "pool::cache<long>::find(long const&)", "at_apply": "int apply<main::"}
    answers = ask(program, [label(program, name) for name in names])
    for (name, expected), answer in zip(names.items(), answers):
        place = answer.locations[-1]
        assert place.function.startswith(expected)
        assert place.line == line_of("templates.cc", name.removeprefix("at_"))
        assert os.path.realpath(place.file) == str(PROGRAMS / "templates.cc")


def addresses_in(functions, count):
    random.seed(len(functions))
    ranges = sorted({extent for extents in functions.values() for extent in extents
                     if extent[1] > extent[0] > 0})
    extents = random.choices(ranges, weights=[end - start for start, end in ranges], k=count)
    return [random.randrange(start, end) for start, end in extents]


def addr2line(program, addresses):
    """Chains of (function, base name of the file, line), innermost first."""
    chains = []
    lines = iter(run("addr2line", "-a", "-f", "-i", "-C", "-e", program,
                     *map(hex, addresses)).splitlines())
    for line in lines:
        if line.startswith("0x"):
            chains.append([])
            continue
        file, _, number = next(lines).split(" (disc")[0].rpartition(":")
        chains[-1].append((line, os.path.basename(file) or "??", int(number.replace("?", "0"))))
    return chains


def shortened(locations):
    return [(place.function, os.path.basename(place.file), place.line) for place in locations]


@pytest.mark.parametrize("source", ["inlined.c", "templates.cc"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_random_addresses_are_named_as_addr2line_names_them(tmp_path, compiler, source):
    program = compiled(tmp_path, compiler, source, "-gdwarf-4")
    functions = symbols(program)
    asked = [address for address in addresses_in(functions, 600)
             if addr2line_knows(functions, address)]
    assert len(asked) > 250
    answers = ask(program, asked)
    differing = []
    for address, answer, expected in zip(asked, answers, addr2line(program, asked)):
        # addr2line prints all levels; ours end at 16.
        expected = expected[:15] + expected[-1:] if len(expected) > 16 else expected
        found = shortened(answer.locations)
        if found != expected:
            differing.append((hex(address), found, expected))
    assert differing == []
    # addr2line of binutils 2.40 has no inlined callers for clang's DWARF 5. The code is the same.
    newer = ask(compiled(tmp_path, compiler, source, "-gdwarf-5"), asked)
    assert [shortened(answer.locations) for answer in newer] == \
        [shortened(answer.locations) for answer in answers]


def addr2line_knows(functions, address):
    """Start files have no debug information, and there addr2line guesses."""
    return not any(start <= address < end for name in ("_start", "_init", "_fini")
                   for start, end in functions.get(name, []))


def library(name):
    """As the compiler finds it."""
    path = pathlib.Path(run("gcc", f"-print-file-name={name}").strip()).resolve()
    assert path.is_absolute(), f"{name} is not installed"
    return path


def test_exported_names_of_a_real_library_cover_what_they_say():
    """libpq without debug information: names come from its dynamic symbols only."""
    libpq = library("libpq.so")
    functions = symbols(libpq, "--dyn-syms")
    asked = addresses_in(functions, 1000)
    for address, answer in zip(asked, ask(libpq, asked, debug_path="/nonexistent")):
        names = {name for name, extents in functions.items()
                 if any(start <= address < end for start, end in extents)}
        assert len(answer.locations) == 1
        assert answer.locations[0].function in names, hex(address)


def test_code_without_a_name_gets_none():
    """Between the exported functions of a stripped library lie those nobody can name."""
    libpq = library("libpq.so")
    extents = [extent for found in symbols(libpq, "--dyn-syms").values() for extent in found]
    assert extents
    holes = [end + 64 for _, end in extents
             if not any(start <= end + 64 < stop for start, stop in extents)]
    assert len(holes) > 10
    assert [answer.locations for answer in ask(libpq, holes, debug_path="/nonexistent")] == \
        [[]] * len(holes)


def test_the_c_library_s_debug_package_is_found():
    """Debian's libc6-dbg is in /usr/lib/debug/.build-id."""
    libc = library("libc.so.6")
    identity = build_id(libc)
    address = symbols(libc, "--dyn-syms")["qsort"][0][0]
    answer, = ask(libc, [address], build_id=identity)
    assert answer.locations[-1].file.endswith("stdlib/msort.c")
    assert answer.locations[-1].line > 0
