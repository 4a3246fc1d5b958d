"""Each public name of the package says what it takes, raises and returns, and the
examples of the docstrings do what they say."""

import concurrent.futures
import doctest
import inspect
import os
import subprocess
import sys
import tempfile
import unittest

import itrack.experiment_tracking as module

NAMES = [getattr(module, name) for name in (
    "TrackingConfig", "ExperimentTracker", "LocalFileTracker", "MLflowTracker",
    "MultiTracker", "OTLPTracker", "TensorBoardTracker", "WandBTracker",
    "auto_track", "create_tracker")]


def functions():
    """The functions, and the methods that a class defines, with their names."""
    for thing in NAMES:
        if inspect.isfunction(thing):
            yield thing.__name__, thing
            continue
        for name, method in inspect.getmembers(thing, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{thing.__name__}.{name}", method


TESTS = [test for test in doctest.DocTestFinder().find(module)
         if test.examples]


def try_example(number):
    """Ends with 1 and says so if doctest finds something wrong in a docstring's
    examples; waits for no server that an example names."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.chdir(folder)
        failed = doctest.DocTestRunner(verbose=False).run(TESTS[number]).failed
        os.chdir("/")
    sys.stdout.flush()
    os._exit(1 if failed else 0)


def said_of(number):
    """What a process of its own says of it."""
    done = subprocess.run([sys.executable, "-W", "error", __file__, str(number)], text=True,
                          timeout=600, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout if done.returncode else ""


class DocstringsTest(unittest.TestCase):
    def test_parameters(self):
        for name, function in functions():
            text = inspect.getdoc(function) or ""
            signature = inspect.signature(function)
            for parameter in signature.parameters:
                if parameter != "self":
                    with self.subTest(function=name, parameter=parameter):
                        self.assertIn(f"\n    {parameter}: ", text)
            with self.subTest(function=name):
                if signature.return_annotation not in ("None", None):
                    self.assertIn("\nReturns:\n", text)

    def test_classes(self):
        for thing in NAMES:
            with self.subTest(name=thing.__name__):
                text = inspect.getdoc(thing) or ""
                self.assertIn("\nExamples:\n", text)
                if inspect.isclass(thing):
                    for name in inspect.signature(thing).parameters:
                        self.assertIn(f"\n    {name}: ", text)

    def test_examples(self):
        self.assertGreater(len(TESTS), 25)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = [*pool.map(said_of, range(len(TESTS)))]
        for test, said in zip(TESTS, results):
            with self.subTest(name=test.name):
                self.assertEqual(said, "")


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].isdigit():
        try_example(int(sys.argv[1]))
    unittest.main()
