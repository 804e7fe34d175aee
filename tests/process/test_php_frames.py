"""PHP sees its own frames as the shim reads them, also with opcache and its compiler.

The interpreter itself is the oracle: frames_oracle.php, with tests/programs/frames/frames_probe.c
through FFI.
"""
import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
BUILD = pathlib.Path(os.environ.get("PQLEAK_BUILD_DIR", HERE.parents[1] / "build")).absolute()
PROBE = BUILD / "tests" / "programs" / "frames" / "frames_probe.so"
PHP = "/usr/bin/php"
STACKS = 40000
CACHED = ("-dopcache.enable_cli=1",)
COMPILED = (*CACHED, "-dopcache.jit_buffer_size=64M")

SETTINGS = {
    "plain": (),
    "opcache": CACHED,
    "tracing": (*COMPILED, "-dopcache.jit=tracing"),
    "function": (*COMPILED, "-dopcache.jit=function"),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_the_frames_are_those_of_debug_backtrace(settings):
    result = subprocess.run([PHP, *settings, HERE / "frames_oracle.php", PROBE, str(STACKS)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    assert (result.returncode, result.stderr) == (0, "")
    seen = json.loads(result.stdout)
    assert seen["mismatches"] == []
    assert seen["stacks"] >= STACKS
    assert seen["deepest"] > 100
    assert seen["ways"] > 50
