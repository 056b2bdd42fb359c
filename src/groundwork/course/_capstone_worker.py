"""A process of the capstone in which the learner's modules run: one part of the story.

Rule: it decides nothing. What it reports is compared with what its parent has calculated and seen itself; it holds no
channel but a file of its own.
"""

import faulthandler
import importlib
import importlib.util
import json
import os
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from groundwork.course._answers import Answers
from groundwork.course._guard import guard
from groundwork.course._limits import restrain

STORY = Path(__file__).resolve().parent / "exercises" / "capstone" / "flights.py"
_LOOK_S = 0.005


class Report:
    """Writes down what was done, a line of JSON each.

    Args:
        path: The file.
        files: The learner's files, path to module.
    """

    def __init__(self, path: str, files: dict[str, str]) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - open as long as the process is
        self._files = files

    def __call__(self, kind: str, **facts: Any) -> None:
        """Write a line."""
        self._file.write(json.dumps({"kind": kind, **facts}) + "\n")
        self._file.flush()

    def error(self, error: BaseException, step: str = "") -> None:
        """Write what went wrong, and in which of the files."""
        # The first one is where it began: what a retry or a breaker makes of it names that one as its cause.
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in self._files]
        story = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(STORY)]
        # Some errors of the story's own are some module's work to see to, whichever others they came through.
        blamed = str(getattr(error, "blames", ""))
        detail = " ".join(str(error).split())[:300]
        self(
            "error",
            step=step,
            error=type(error).__name__,
            detail=detail,
            module=blamed or (self._files[frames[-1].filename] if frames else ""),
            line=frames[-1].lineno if frames and not blamed else 0,
            text=(story[-1].line or "") if story else "",
        )


def main(told: str) -> None:  # pragma: no cover - ends without a word to whoever counts lines
    """Do what the parent tells.

    Args:
        told: JSON: ``modules`` (name to sources), ``names`` (what each must have), ``mode``, ``folder``, ``report``,
            ``allows``, ``answers`` (modules and places that nobody may look at), ``own`` (the folder of the learner's
            files), ``limit_s``.
    """
    order = json.loads(told)
    end = os._exit
    files = {source: name for name, sources in order["modules"].items() for source in sources if source[-3:] == ".py"}
    report = Report(order["report"], files)
    restrain()
    guard(order["allows"], order["own"], Answers(*map(tuple, order["answers"])))
    sys.path[:] = [*filter(None, sys.path), *dict.fromkeys(str(Path(path).parent) for path in files), order["given"]]
    with open(f"{order['report']}.hang", "w", encoding="utf-8") as stacks:
        # Where it stands when its time is up; the parent ends it a moment later.
        faulthandler.dump_traceback_later(order["limit_s"], file=stacks)
        if _import_all(order["modules"], order["names"], report):
            faulthandler.cancel_dump_traceback_later()
            _wait_for(Path(f"{order['report']}.go"))
            faulthandler.dump_traceback_later(order["limit_s"], file=stacks)
            _tell(order["mode"], Path(order["folder"]), report)
    # A thread that a module has left running is no reason to stay.
    end(0)


def _wait_for(go: Path) -> None:  # pragma: no cover - as main
    while not go.exists():
        time.sleep(_LOOK_S)
    os.environ.update(json.loads(go.read_text(encoding="utf-8")))


def _import_all(modules: dict[str, list[str]], names: dict[str, list[str]], report: Report) -> bool:
    whole = True
    for name, sources in modules.items():
        report("importing", module=name)
        try:
            module = sys.modules[name] = _module(name, sources, names[name])
        # The learner's module may raise anything, exit included; the sentence is the finding.
        except BaseException as error:  # noqa: BLE001
            line = getattr(error, "lineno", None)
            report("unimported", module=name, error=f"raised {type(error).__name__}", detail=str(error), line=line or 0)
            whole = False
            continue
        if lacking := [each for each in names[name] if not hasattr(module, each)]:
            report("unimported", module=name, error="has no", detail=", ".join(lacking), line=0)
            whole = False
    report("imported")
    return whole


def _module(name: str, sources: list[str], names: list[str]) -> ModuleType:
    if len(sources) == 1 and sources[0].endswith(".py"):
        return _from_file(name, sources[0])
    if not sources[0].endswith(".py"):
        module = ModuleType(name)
        _fill(module, [importlib.import_module(source) for source in sources], names)
        return module
    return _laid_over(name, *sources)


def _laid_over(name: str, over: str, below: str) -> ModuleType:
    """Put the names of one implementation in the place of another's, so that this one uses them, too."""
    found = _from_file(f"_{name}_over", over)
    base = getattr(found, "right", None)  # what is made of another one brings that one
    if not isinstance(base, ModuleType):
        base = _from_file(f"_{name}_below", below)
    names = {key: value for key, value in vars(found).items() if not key.startswith("__") and key != "right"}
    # A function of the one may call that of the other: this would be itself then.
    vars(base).update({key: value for key, value in names.items() if isinstance(value, type)})
    module = ModuleType(name)
    vars(module).update({key: value for key, value in {**vars(base), **names}.items() if not key.startswith("__")})
    return module


def _fill(module: ModuleType, doors: list[ModuleType], names: list[str]) -> None:
    for name in names:
        # Only what is wanted: a door loads what it is asked for.
        door = next((door for door in doors if hasattr(door, name)), None)
        if door is not None:
            setattr(module, name, getattr(door, name))


def _from_file(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _tell(mode: str, folder: Path, report: Report) -> None:  # pragma: no cover - as main
    try:
        _from_file("flights", str(STORY)).main(mode, folder, report)
    # Whatever a module of the learner's raises is told; nobody else would hear of it.
    except BaseException as error:  # noqa: BLE001
        report.error(error)
