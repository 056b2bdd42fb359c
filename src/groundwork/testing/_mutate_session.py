"""The processes in which mutants are tried: one collects the tests once and runs none; each mutant is a fork of it.

Rule: what a mutant's fork says is how it ended. What runs on import, and what the collection of the tests has called
already, is tried in a fork of the process that has imported pytest and nothing of the project. Cost: one collection,
one run of all tests under a profiler that tells which functions each calls, then some milliseconds and its tests a
mutant.
"""

import gc
import importlib
import importlib.util
import json
import os
import pickle
import signal
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType
from typing import IO, Any

import pytest

from groundwork.testing._mutant_forks import Forks, die_with_parent
from groundwork.testing._mutant_loading import ImportMutant, exchange, functions_by_code, loaded_from
from groundwork.testing._mutant_reach import Reach, measure, profile, run_items
from groundwork.testing._mutants import compile_mutant

TIMES = 10.0
"""A mutant may take so many times what its tests take without it, or the seconds of the request if that is more."""

STALL = 6.0
"""Where no test ends for so many times the seconds of the request, a fork waits for a thread that it does not have."""

_START_S = 20.0  # for pytest to start and the project to be imported
_IDLE = ("jemalloc_bg_thd", "polars-ooc-clea")  # threads that come by an import, and that nobody waits for
_PAUSE_S = 0.01
_SURVIVED, _KILLED, _ON_IMPORT = 0, 1, 4
_FORKS = hasattr(os, "fork")


def host() -> None:
    """Try the mutants of the request on standard input; an answer a line. The main function of the process."""
    request, answers = _private_channel()
    die_with_parent()
    if not _FORKS:
        _serve(request, answers)
        return
    _import_pytest()
    later = Path(request["folder"]) / "on-import"
    pid = os.fork()
    if not pid:
        code = 1
        try:
            die_with_parent()
            _serve({**request, "later": str(later)}, answers)
            code = 0
        except BaseException:  # noqa: BLE001 - the fork must not go on as its parent; the log has the reason
            traceback.print_exc()
        finally:
            _end_fork(code)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        _, status = os.waitpid(pid, 0)
        pid = 0
        if code := os.waitstatus_to_exitcode(status):
            error = f"the process that collects the tests ended with {code}"
            print(json.dumps({"error": error}), file=answers, flush=True)
        elif later.exists():
            _try_on_import(request, json.loads(later.read_text(encoding="utf-8")), answers)
    finally:
        if pid:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def alone() -> None:
    """Try one mutant on import, by the tests of the request; the exit code is the answer. The main of the process."""
    request, _ = _private_channel()
    die_with_parent()
    os._exit(_on_import(request, Path(request["folder"])))


def _serve(request: dict[str, Any], answers: IO[str]) -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    _give_place(Path(request["folder"]))
    server = Server(request, answers)
    status = pytest.main([*_arguments(), *request["tests"]], plugins=[server])
    if not server.asked:
        server.say(error=f"pytest ended with {int(status)} before a test could run")


def _try_on_import(request: dict[str, Any], later: dict[str, Any], answers: IO[str]) -> None:
    for name in later["modules"]:
        with suppress(Exception):  # one that only its package can import: the forks will
            importlib.import_module(name)
    gc.freeze()
    forks = Forks(request["folder"], request["jobs"], partial(_tell, answers))
    try:
        for each in later["mutants"]:
            forks.start(each["id"], _START_S + each["limit_s"], partial(_on_import, each))
        forks.wait()
    finally:
        forks.kill()


def _on_import(each: dict[str, Any], folder: Path) -> int:
    _give_place(folder)
    _forget(Path(each["file"]))
    sys.meta_path.insert(0, ImportMutant(Path(each["file"]), each["number"]))
    paths = sorted({name.partition("::")[0] for name in each["tests"]})
    status = pytest.main([*_arguments(), "-x", *paths], plugins=[Chosen(each["tests"])])
    return _SURVIVED if status == pytest.ExitCode.OK else _KILLED


class Chosen:
    """Runs only the tests that are named, in that order.

    Args:
        names: Their ids.
    """

    def __init__(self, names: list[str]) -> None:
        self._order = {name: nth for nth, name in enumerate(names)}

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Make Hypothesis draw the same each time."""
        settle_hypothesis(config)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave the others out."""
        items[:] = sorted((each for each in items if each.nodeid in self._order), key=lambda i: self._order[i.nodeid])


class Server:
    """Takes the place of pytest's own loop over the tests.

    Args:
        request: The mutants, the files, how many at once.
        answers: Where the answers go.
    """

    def __init__(self, request: dict[str, Any], answers: IO[str]) -> None:
        self._request = request
        self._answers = answers
        self._early: set[CodeType] = set()
        self._pulse: Path | None = None
        self.failed = False
        self.asked = False
        profile(self._early)

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Make Hypothesis draw the same each time."""
        settle_hypothesis(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember that a test failed."""
        self.failed = self.failed or report.failed
        if self._pulse is not None:
            self._pulse.touch()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests once, then try the mutants.

        Returns:
            True, so that pytest runs nothing.
        """
        profile(None)
        self.asked = True
        if session.testsfailed:
            self.say(error="the tests cannot be collected")
            return True
        reach = self._measure(session.items)
        if reach.broken:
            self.say(error=f"without any mutant {reach.broken} fails")
            return True
        self.say(collected=len(session.items))
        self._try_all(session.items, reach)
        return True

    def say(self, **answer: Any) -> None:
        """Write an answer.

        Args:
            **answer: What it says.
        """
        print(json.dumps(answer), file=self._answers, flush=True)

    def _measure(self, items: list[pytest.Item]) -> Reach:
        early, files = frozenset(self._early), self._request["files"]
        self._forkable = _FORKS and not _runs_threads()
        if not self._forkable:
            return measure(items, files, early, self)
        file = Path(self._request["folder"]) / "reach"
        self._pulse = pulse = Path(self._request["folder"]) / "pulse"
        pulse.touch()
        pid = os.fork()
        if not pid:
            try:
                die_with_parent()
                file.write_bytes(pickle.dumps(measure(items, files, early, self)))
            except BaseException:  # noqa: BLE001 - the fork must not go on as pytest; the log has the reason
                traceback.print_exc()
            finally:
                _end_fork(0)
        if not _ended(pid, pulse, STALL * self._request["limit_s"]):
            self._pulse, self._forkable = None, False
            return measure(items, files, early, self)
        if not file.exists():
            return Reach(broken="a test that ends the whole process")
        found: Reach = pickle.loads(file.read_bytes())  # noqa: S301 - of a fork of ours
        return found

    def _try_all(self, items: list[pytest.Item], reach: Reach) -> None:
        self._functions = functions_by_code(map(Path, self._request["files"])) if self._forkable else {}
        self._later: list[dict[str, Any]] = []
        self._waiting: dict[str, dict[str, Any]] = {}
        gc.freeze()  # so that the forks need not copy what they only look at
        places = {item.nodeid: item for item in items}
        forks = Forks(self._request["folder"], self._request["jobs"], self._tried)
        try:
            for mutant in self._request["mutants"]:
                names = reach.tests_of(mutant["file"], mutant["function"])
                if not names:
                    self.say(id=mutant["id"], status="no tests")
                    continue
                limit_s = max(self._request["limit_s"], TIMES * sum(reach.seconds[name] for name in names))
                asked = {**mutant, "tests": names, "limit_s": limit_s}
                if not self._forkable or not self._can_fork(mutant, reach):
                    self._put_off(asked)
                    continue
                self._waiting[mutant["id"]] = asked
                forks.start(mutant["id"], limit_s, partial(self._one, mutant, [places[name] for name in names]))
            forks.wait()
        finally:
            forks.kill()
        if "later" in self._request:
            told = {"mutants": self._later, "modules": _installed_modules()}
            Path(self._request["later"]).write_text(json.dumps(told), encoding="utf-8")

    def _can_fork(self, mutant: dict[str, Any], reach: Reach) -> bool:
        if not loaded_from(Path(mutant["file"])):
            return True  # a test imports it, and gets the mutant
        return bool(mutant["function"]) and (mutant["file"], mutant["function"]) not in reach.early

    def _put_off(self, asked: dict[str, Any]) -> None:
        if _FORKS:
            self._later.append(asked)
        else:
            self.say(**asked, status="on import")

    def _tried(self, key: str, code: int | None, seconds: float) -> None:
        if code == _ON_IMPORT:
            self._put_off(self._waiting[key])
        else:
            _tell(self._answers, key, code, seconds)

    def _one(self, mutant: dict[str, Any], items: list[pytest.Item], folder: Path) -> int:
        """Be the fork that tries a mutant."""
        file, number = Path(mutant["file"]), mutant["number"]
        if not loaded_from(file):
            sys.meta_path.insert(0, ImportMutant(file, number))
        elif not exchange(self._functions, compile_mutant(file, number), mutant["function"], mutant["first_line"]):
            return _ON_IMPORT
        factory = getattr(items[0].config, "_tmp_path_factory", None)
        if factory is not None:  # its folders are numbered, which forks would do at the same time
            factory._given_basetemp, factory._basetemp = folder / "tmp", None
        for _ in run_items(items):
            if self.failed:
                return _KILLED
        return _SURVIVED


def _ended(pid: int, pulse: Path, stall_s: float) -> bool:
    """Wait for a fork that touches a file now and then; False if it stood still, and was killed."""
    while not os.waitpid(pid, os.WNOHANG)[0]:
        if time.time() - pulse.stat().st_mtime > stall_s:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False
        time.sleep(_PAUSE_S)
    return True


def _runs_threads() -> bool:
    """Say whether the collection of the tests has started threads that a fork would not have, and would wait for."""
    if threading.active_count() > 1:
        return True
    own = Path("/proc/self/comm")
    if not own.exists():
        return False
    names = set()
    for file in Path("/proc/self/task").glob("*/comm"):
        with suppress(OSError):  # it has ended meanwhile
            names.add(file.read_text("utf-8", "replace").strip())
    return not names <= {own.read_text("utf-8", "replace").strip(), *_IDLE}


def settle_hypothesis(config: pytest.Config) -> None:
    """Keep Hypothesis from writing into the project, and from giving another verdict the next time.

    Args:
        config: Of the session.
    """
    if config.pluginmanager.hasplugin("hypothesispytest"):
        from hypothesis import settings

        settings.register_profile("groundwork-mutate", database=None, derandomize=True, deadline=None)
        settings.load_profile("groundwork-mutate")


def _tell(answers: IO[str], key: str, code: int | None, seconds: float) -> None:
    status = "timeout" if code is None else "survived" if code == _SURVIVED else "killed"
    print(json.dumps({"id": key, "status": status, "seconds": seconds}), file=answers, flush=True)


def _arguments() -> list[str]:
    """Keep others from running the tests in processes or an order of their own, and from writing into the project."""
    found = ["-q", "--capture=no", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:random_order"]
    # pytest would rewrite the assertions of its plugins; groundwork, which is one, is what this process is made of.
    found += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    if importlib.util.find_spec("xdist") is not None:
        found += ["-n", "0"]
    if importlib.util.find_spec("pytest_cov") is not None:
        found.append("--no-cov")
    return found


def _import_pytest() -> None:
    from _pytest.config import default_plugins

    for name in default_plugins:
        importlib.import_module(f"_pytest.{name}")


def _forget(file: Path) -> None:
    """Have the package of a file imported anew, should it be one that this process is made of."""
    packages = {module.__name__.partition(".")[0] for module in loaded_from(file)}
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]


def _installed_modules() -> list[str]:
    """List what the project has imported of others; it does not change, so all forks may share it."""
    found = []
    for name, module in list(sys.modules.items()):
        origin = getattr(module, "__file__", None)
        if "." not in name and isinstance(origin, str) and {"site-packages", "lib-dynload"} & set(Path(origin).parts):
            found.append(name)
    return found


def _private_channel() -> tuple[dict[str, Any], IO[str]]:
    request = json.loads(sys.stdin.readline())
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the tests print is no answer
    return request, answers


def _give_place(folder: Path) -> None:
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _end_fork(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
