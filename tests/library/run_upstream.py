"""Runs insideLLMs' own tests that touch tracking with itrack's module in the place
of theirs, and compares what fails with upstream_left_out.txt.

usage: run_upstream.py DIR

DIR is a checkout of https://github.com/dr-gareth-roberts/insideLLMs; its tests are
run in a copy. Call it with a Python that has what they need:

    scripts/test-venv insidellms-tests pytest pytest-asyncio pyyaml jsonschema \\
        pydantic wandb==0.31.0 mlflow-skinny==3.17.2 pandas tensorboardX hypothesis
"""

import os
import shutil
import sys
import tempfile

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ["tests/" + name + ".py" for name in (
    "test_cli", "test_cli_diff_harness_coverage",
    "test_cli_run_command_coverage", "test_coverage_w7_0008_slice13",
    "test_coverage_w7_0008_slice14", "test_coverage_w7_0008_slice18",
    "test_coverage_w7_0008_slice19", "test_coverage_w7_0008_slice23",
    "test_coverage_w7_0008_slice24", "test_determinism_spine",
    "test_exp_tracking", "test_experiment_tracking",
    "test_experiment_tracking_coverage")]


class Results:
    """Collects the names of the tests that pass and of those that don't."""

    def __init__(self):
        self.passed, self.failed = set(), set()

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.rsplit("/", 1)[-1]
        if report.failed:
            self.failed.add(name)
        elif report.when == "call" and report.passed:
            self.passed.add(name)


def left_out():
    with open(os.path.join(HERE, "upstream_left_out.txt")) as file:
        return {line.strip() for line in file
                if line.strip() and not line.startswith("#")}


def main(checkout):
    results = Results()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = os.path.join(folder, "work")
        shutil.copytree(checkout, work, ignore=shutil.ignore_patterns(".git"))
        os.chdir(work)
        os.environ["HOME"] = folder
        os.environ["XDG_STATE_HOME"] = os.path.join(folder, "state")
        sys.path[:0] = [work, os.path.join(HERE, "../../lib/python")]
        import insideLLMs
        import itrack.experiment_tracking

        insideLLMs.experiment_tracking = itrack.experiment_tracking
        sys.modules["insideLLMs.experiment_tracking"] = (
            itrack.experiment_tracking)
        pytest.main(["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider",
                     *FILES], plugins=[results])
        os.chdir("/")
    expected = left_out()
    for name in sorted(results.failed - expected):
        print("fails:", name)
    for name in sorted(expected - results.failed):
        print("is left out, and does not fail:", name)
    print(f"{len(results.passed)} passed, {len(results.failed)} left out")
    return results.failed != expected or not results.passed


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
