"""Processes of the contract of the modeling part: a module that is imported, a command that is run.

Rule: each is a new interpreter, as it is for a user; the names that one of them gives away are plain text. Cost: an
interpreter a call, and what the module imports.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from groundwork.errors import ContractBroken
from groundwork.testing._lab import Lab
from groundwork.testing._subject import source_of

_LOAD = """
import importlib, importlib.util, sys
def load(source):
    if not source.endswith(".py"):
        return importlib.import_module(source)
    spec = importlib.util.spec_from_file_location("_subject", source)
    module = sys.modules["_subject"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""

# What the standard library and numpy change by themselves when they are imported is done before the first look.
_LOOK = """
import contextlib, io, json, logging, os, random, signal, socket, threading, warnings
import numpy.random
def state():
    root = logging.getLogger()
    return {
        "starts a thread": threading.active_count(),
        "configures logging": [root.level, len(root.handlers), logging.root.manager.disable],
        "changes the warnings that are shown": [str(each) for each in warnings.filters if each[3] is None],
        "changes os.environ": {name: text for name, text in os.environ.items() if name[0] != "_"},  # polars sets one
        "changes the working folder": os.getcwd(),
        "seeds the global generator of random": hash(random.getstate()),
        "seeds the global generator of numpy": str(numpy.random.get_state()),
        "takes a signal": str([signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]),
        "sets a default time limit of sockets": socket.getdefaulttimeout(),
        "writes files": sorted(os.listdir()),
    }
before, printed = state(), io.StringIO()
with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
    subject = load(sys.argv[1])
after = state()
found = [what for what in before if before[what] != after[what]]
if printed.getvalue():
    found.insert(0, "prints " + repr(printed.getvalue()[:40]))
used = subject.timed(hook=lambda record: None)(lambda: 1)()
print(json.dumps([found, used]))
"""

_SCRIPT = """
sys.argv[0] = "command"
name, _, attribute = sys.argv.pop(1).rpartition(":")
sys.exit(getattr(load(name), attribute)())
"""


class Said(NamedTuple):
    """How a process ended.

    Attributes:
        status: Its exit status.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
    """

    status: int
    out: str
    err: str


def python(lab: Lab, *arguments: str, paths: tuple[Path, ...] = ()) -> Said:
    """Run the interpreter in the lab's folder, with these folders before all others on its path."""
    entries = [*map(str, paths), *(entry for entry in sys.path if entry)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entries), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", *arguments],
            cwd=lab.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=lab.limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ContractBroken(f"a new process did not end within {lab.limit_s:g} s") from error
    return Said(done.returncode, done.stdout, done.stderr)


def effects_of_import(subject: ModuleType, lab: Lab) -> list[str]:
    """Say what importing the module does beside defining names; then use ``timed`` there."""
    said = python(lab, "-c", _LOAD + _LOOK, source_of(subject))
    if said.status != 0:
        raise ContractBroken(f"importing and using it in a new process ended with {last_line(said.err)}")
    effects, used = json.loads(said.out.splitlines()[-1])
    if used != 1:
        raise ContractBroken(f"a timed function gave {used!r} in a new process; expected 1")
    assert isinstance(effects, list)
    return effects


def call(lab: Lab, entry: str, *arguments: str, paths: tuple[Path, ...] = ()) -> Said:
    """Do what the script of a console entry point ``module:function`` does; the module may be a file."""
    return python(lab, "-c", _LOAD + _SCRIPT, entry, *arguments, paths=paths)


def last_line(text: str) -> Any:
    """Return the last line, which of a traceback is the error."""
    return (text.strip().splitlines() or ["nothing"])[-1][:160]
