"""The programs of programs.txt come to what they come to with insideLLMs' own
module (expected_programs.json), but for what differs on purpose."""

import json
import os
import re
import subprocess
import sys
import unittest

import itrack.experiment_tracking

HERE = os.path.dirname(os.path.abspath(__file__))

# The names stand in the tables of the README and of the module. The programs are
# those that show the difference.
DIFFERENCES = {
    "client packages": [],
    "exit": [],
    "taken name": ["a directory that is there, and not empty",
                   "a run of a name that is there"],
    "second start": ["a run that begins before the other has ended"],
    "nested": ["a nested run"],
    "slash": ["a project with a slash", "a run name with a slash",
              "a run name that leads up"],
    "status": ["MLflow: a status that nobody knows", "a status that is None"],
    "no number": ["a metric that is None", "a metric that is a text",
                  "a metric with an empty name", "metrics without anything"],
    "step": ["a step beyond 64 bits", "a step that is a fraction",
             "a step that is negative"],
    "not finite": ["metrics that are not finite", "params that are not finite"],
    "changed afterwards": ["metrics whose dictionary changes afterwards"],
    "folders": ["a directory as artifact", "an artifact name with a slash"],
    "MLflow names": ["MLflow: an artifact with a name"],
    "switches": ["artifacts switched off"],
    "no room": ["an output directory that can't be made"],
    "pickle": ["an active tracker is pickled"],
    "paths": [],
    "IDs": [],
    "late refusal": [],
    "taken, too": [],
    "W&B": [],
}


def table_of(text):
    """The first column of the table that begins with 'what differs'."""
    rows = re.search(r"^ *\| what differs .*?\n((?: *\|.*\n)+)", text, re.M)
    return [row.split("|")[1].strip() for row in rows[1].splitlines()[1:]]


class ProgramsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with open(os.path.join(HERE, "expected_programs.json"),
                  encoding="utf-8") as file:
            cls.expected = json.load(file)["programs"]
        cls.ours = json.loads(subprocess.run(
            [sys.executable, os.path.join(HERE, "run_programs.py"),
             "itrack.experiment_tracking"],
            check=True, capture_output=True, text=True).stdout)
        cls.listed = [name for names in DIFFERENCES.values() for name in names]

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(self.expected), 140)
        self.assertEqual(sorted(self.ours), sorted(self.expected))
        self.assertLessEqual(set(self.listed), set(self.ours))

    def test_programs(self):
        for name, expected in self.expected.items():
            with self.subTest(program=name):
                if name in self.listed:
                    self.assertNotEqual(self.ours[name], expected)
                    self.assertIsNone(self.ours[name]["error"])
                else:
                    self.assertEqual(self.ours[name], expected)

    def test_tables(self):
        with open(os.path.join(HERE, "../../README.md")) as file:
            self.assertEqual(table_of(file.read()), list(DIFFERENCES))
        self.assertEqual(table_of(itrack.experiment_tracking.__doc__),
                         list(DIFFERENCES))


if __name__ == "__main__":
    unittest.main()
