"""A pytest plugin that measures the processor time of each test, including the processes that it started.

``PYTHONPATH=tests python -m pytest -p cpu_profile`` prints the most expensive files and tests at the end, also with
``-n 2``. Unlike the clock, processor time depends little on other work of the machine.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

_CPU_S = "cpu_s"
_SHOWN = 30
"""Number of files and of tests in the tables. The parameters of a test are added up."""

_last = pytest.StashKey[float]()
"""Processor time at the end of the last phase."""
_spent = pytest.StashKey[Counter[str]]()
"""Seconds by test, in the process that prints."""


def _now_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_spent] = spent = Counter[str]()
    config.pluginmanager.register(_Collector(spent), "cpu_profile_collector")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_last] = _now_s()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the seconds of one phase (setup, call or teardown) to its report, which xdist passes to the main process."""
    report = yield
    now = _now_s()
    report.user_properties = [(_CPU_S, now - item.config.stash[_last])]
    item.config.stash[_last] = now
    return report


class _Collector:
    """Adds up what the reports state."""

    def __init__(self, spent: Counter[str]) -> None:
        self._spent = spent

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._spent[report.nodeid] += sum(value for name, value in report.user_properties if name == _CPU_S)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    spent = config.stash[_spent]
    files, tests = Counter[str](), Counter[str]()
    for test, seconds in spent.items():
        files[test.partition("::")[0]] += seconds
        tests[test.partition("[")[0]] += seconds
    terminalreporter.section(f"processor time: {sum(spent.values()) / 60:.1f} minutes in {len(spent)} tests")
    for counted in (files, tests):
        for name, seconds in counted.most_common(_SHOWN):
            terminalreporter.write_line(f"{seconds:7.1f} s  {name}")
        terminalreporter.write_line("")
