"""Runs modules' tests; writes each test's outcome as it ends, one a line.

    unittest_outcomes.py FILE MODULE ...

A test that ends the process has been written as 'started'.
"""
import importlib
import os
import sys
import unittest

sys.path.insert(0, os.getcwd())


class Outcomes(unittest.TestResult):
    def __init__(self, file):
        super().__init__()
        self.file = file

    def write(self, test, outcome):
        self.file.write(f"{test.id()}\t{outcome}\n")
        self.file.flush()

    def startTest(self, test):
        super().startTest(test)
        self.write(test, "started")

    def bad(self, test, outcome, error):
        print(f"{test.id()}: {outcome}\n{self._exc_info_to_string(error, test)}", flush=True)
        self.write(test, outcome)

    def addSuccess(self, test):
        self.write(test, "ok")

    def addError(self, test, err):
        self.bad(test, "error", err)

    def addFailure(self, test, err):
        self.bad(test, "failed", err)

    def addSkip(self, test, reason):
        self.write(test, "skipped")

    def addExpectedFailure(self, test, err):
        self.write(test, "fails as expected")

    def addUnexpectedSuccess(self, test):
        self.write(test, "ok, unexpectedly")

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.bad(subtest, "failed", err)


def tests_of(name):
    module = importlib.import_module(name)
    if hasattr(module, "test_suite"):
        return module.test_suite()
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        for name in sys.argv[2:]:
            tests_of(name).run(Outcomes(file))


if __name__ == "__main__":
    main()
