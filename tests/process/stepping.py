"""Runs a program that stops at each of its steps until the test lets it go on.

A step is a byte on one pipe and its answer on another, whose descriptors the program
finds in PQLEAK_TEST_STEPS (steps/sitecustomize.py for Python, programs/step.h for C).
"""
import os
import pathlib
import select
import subprocess

STEPS = pathlib.Path(__file__).parent / "steps"
DEADLINE = 60  # seconds without any step: the program hangs


class Stepping:
    def __init__(self, argv, environment, **options):
        self.from_program, to_test = os.pipe()
        from_test, self.to_program = os.pipe()
        environment = dict(environment, PQLEAK_TEST_STEPS=f"{to_test},{from_test}",
                           PYTHONPATH=str(STEPS))
        self.process = subprocess.Popen(argv, env=environment, pass_fds=(to_test, from_test),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        os.close(to_test)
        os.close(from_test)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """A test that failed half way leaves no program behind."""
        self.process.kill()
        self.process.communicate()
        os.close(self.from_program)
        os.close(self.to_program)

    def __iter__(self):
        """Yields the pid while the program stands at a step."""
        while True:
            ready, _, _ = select.select([self.from_program], [], [], DEADLINE)
            assert ready, "the program hangs between two steps"
            if not os.read(self.from_program, 1):
                return
            yield self.process.pid
            os.write(self.to_program, b".")

    def finish(self):
        output, errors = self.process.communicate(timeout=DEADLINE)
        return output, errors, self.process.returncode
