"""One module under test, one suite: collected by pytest, and run as often as asked.

Rule: pytest is here a library in a process that is of no use afterwards; none of its plugins, settings and caches of
elsewhere count, and the suite's folder gives it nothing but the one file. Cost: 30 ms a session in a warm process, then
some tenths of a millisecond a test and run.
"""

import importlib
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from groundwork.testing.contracts._suite_modules import EXERCISE, NAME
from groundwork.testing.contracts._suite_trace import Trace, is_own, lines_of
from groundwork.testing.contracts._suite_watch import Watch

Answer = dict[str, Any]
Apart = Callable[[Callable[[], Answer]], Answer]
"""Runs something in a process of its own and gives back what it returned, or ``{"ended": how}``."""

# What runs between the suite's lines and is not its own.
_JUDGE = str(Path(__file__).parent)
# What is of no use here, or takes its time at the end.
_LOCAL = ("cacheprovider", "debugging", "doctest", "faulthandler", "junitxml", "pastebin", "stepwise", "terminal")
_WITHOUT = (*_LOCAL, "threadexception", "unraisableexception")


def session(request: Answer, apart: Apart | None) -> Answer:
    """Collect a suite against a module and run it.

    Args:
        request: ``suite`` (path), ``module`` (text), ``place`` (an empty folder), and ``runs``, each with ``seed`` and
            perhaps ``shuffled``, the ``only`` test, ``until_one_fails``
            or ``watched``.
        apart: How to part several runs; None runs them here, one after the other.

    Returns:
        ``error`` (why it was not collected, or nothing), ``tests`` and ``runs``: of each run ``ended``, ``outcomes``
        by test, ``processor_s``, ``found``, and of a run of one test ``asked`` and ``asserted``.
    """
    import pytest

    place, suite = Path(request["place"]), Path(request["suite"])
    code, here, temporary = (place / name for name in ("code", "here", "tmp"))
    for folder in (code, here, temporary):
        folder.mkdir(parents=True)
    module = code / f"{NAME}.py"
    module.write_text(request["module"], encoding="utf-8")
    os.chdir(here)
    tempfile.tempdir = str(temporary)
    watch = Watch(module, (here, temporary, suite.parent), EXERCISE / "modules")
    watch.install()
    sys.path.insert(0, str(code))
    runs = _Runs(importlib.import_module(NAME), watch, request["runs"], apart)
    arguments = ["-c", os.devnull, "--rootdir", str(suite.parent), "--confcutdir", str(suite.parent), "--noconftest"]
    arguments += ["--import-mode=importlib", "--assert=plain", "--capture=sys", "-o", "python_files=*.py"]
    arguments += ["--basetemp", str(place / "pytest"), *(f"-pno:{name}" for name in _WITHOUT), str(suite)]
    pytest.main(arguments, plugins=[runs])
    if not runs.begun and not runs.error:
        runs.error = "it ended while it was imported"
    return {"error": runs.error, "tests": runs.tests, "runs": runs.answers}


class _Runs:
    """A pytest plugin that runs the collected tests in its own orders, and writes down how they ended."""

    def __init__(self, subject: ModuleType, watch: Watch, runs: list[Answer], apart: Apart | None) -> None:
        self._subject = subject
        self._watch = watch
        self._runs = runs
        self._apart = apart
        self._sentences: dict[str, str] = {}
        self._outcomes: dict[str, list[str]] = {}
        self.begun = False
        self.error = ""
        self.tests: list[str] = []
        self.answers: list[Answer] = []

    def pytest_runtestloop(self, session: Any) -> bool:
        """Run what was collected, in pytest's stead."""
        self.begun = True
        self.tests = [_name(item) for item in session.items]
        if not (self.tests or self.error):
            self.error = "it has no test; a test is a function whose name begins with test_"
        if not self.error:
            if any("only" in run for run in self._runs):
                lines_of(str(session.items[0].path))
            for run in self._runs:
                work = _Work(self._one, session.items, run)
                self.answers.append(self._apart(work) if self._apart else work())
        return True

    def pytest_exception_interact(self, node: Any, call: Any) -> None:
        """Turn an error into a sentence, while it is there."""
        error = call.excinfo.value
        if error.__cause__ is not None and not hasattr(node, "runtest"):
            error = error.__cause__  # pytest's own error says where the file lies
        module, frames = str(self._subject.__file__), traceback.extract_tb(error.__traceback__)
        suite = [frame for frame in frames if is_own(frame.filename, module) and not frame.filename.startswith(_JUDGE)]
        lines = [frame.lineno for frame in suite]
        place = f" (line {lines[-1]})" if lines else ""
        detail = " ".join(str(error).split())[:160]
        sentence = f"{type(error).__name__}{place}: {detail}".removesuffix(": ")
        if hasattr(node, "runtest"):
            self._sentences.setdefault(_name(node), sentence)
        else:
            self.error = f"its import raised {sentence}"

    def pytest_collectreport(self, report: Any) -> None:
        """A file that skips itself has no tests."""
        if report.skipped:
            self.error = "it skips itself as a whole"

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write down how one phase of a test ended."""
        outcome = report.outcome
        if hasattr(report, "wasxfail"):
            outcome = "xfail"
        if outcome != "passed" or report.when == "call":
            known = self._outcomes.setdefault(self._watch.test, [outcome, ""])
            if "failed" == outcome != known[0]:
                known[0] = outcome

    def _one(self, items: list[Any], run: Answer) -> Answer:
        chosen = [item for item in items if run.get("only") in (None, _name(item))]
        if "shuffled" in run:
            random.Random(run["shuffled"]).shuffle(chosen)
        self._outcomes.clear()
        ended, slowest = "", (0.0, "")
        self._watch.seed(run["seed"])
        if run.get("watched"):
            self._watch.begin(self._subject)
        trace = Trace(str(self._subject.__file__)) if "only" in run else None
        started = time.process_time()
        for item, following in zip(chosen, [*chosen[1:], None], strict=True):
            self._watch.test = _name(item)
            begun = time.process_time()
            try:
                _protocol(item, following, trace)
            # pytest lets Exit and KeyboardInterrupt through: they end the run, and that is the finding.
            except BaseException as error:  # noqa: BLE001
                ended = f"ended the run in {self._watch.test} with {type(error).__name__}"
                break
            if run.get("until_one_fails") and self._outcomes.get(self._watch.test, [""])[0] == "failed":
                break
            slowest = max(slowest, (time.process_time() - begun, self._watch.test))
        processor_s = time.process_time() - started
        self._watch.test = ""
        if run.get("watched"):
            self._watch.end(self._subject)
        for test, outcome in self._outcomes.items():
            outcome[1] = self._sentences.get(test, "") if outcome[0] == "failed" else ""
        seen = {} if trace is None else {"asked": trace.asked, "asserted": trace.asserted}
        facts = {"ended": ended, "outcomes": self._outcomes, "found": self._watch.found, "slowest": slowest[1]}
        return json_of({**facts, "processor_s": processor_s, **seen})


class _Work:
    def __init__(self, one: Callable[[list[Any], Answer], Answer], items: list[Any], run: Answer) -> None:
        self._one, self._items, self._run = one, items, run

    def __call__(self) -> Answer:
        return self._one(self._items, self._run)


def _protocol(item: Any, following: Any, trace: Trace | None) -> None:
    if trace is None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    else:
        with trace:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def _name(item: Any) -> str:
    return str(item.nodeid).partition("::")[2]


def json_of(answer: Answer) -> Answer:
    """Return the answer as it is at this instant."""
    copy: Answer = json.loads(json.dumps(answer))
    return copy
