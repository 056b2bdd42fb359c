"""The processes of the capstone in which the learner's modules run, as their parent sees them.

Rule: they are started, waited for, killed and read here; what they say of themselves is a file of theirs. None takes
more time, memory and output than it may.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from groundwork.course._capstone_modules import file_names
from groundwork.course._descendants import descendants, end_group, peak_address_space
from groundwork.course._limits import LIMITS
from groundwork.errors import ContractBroken

_WORKER = "import sys; from groundwork.course._capstone_worker import main; main(sys.argv[1])"
_LOOK_S = 0.01
_USUAL_BYTES = 1_000_000_000
_SHOWN_BYTES = 16 * 1024
_CALL = re.compile(r"\b(\w+)\.\w+")
# Whose work each step of the story is above all, where nothing else tells.
_OF_STEP = {"flights": "data", "weather": "concurrency", "table": "data", "model": "modeling", "figures": "modeling"}


class Night:
    """One process of the learner's.

    Args:
        order: See ``_capstone_worker.main``.
        mode: What it is to do.
        folder: Where it does it.
        name: Of its report and its output in that folder.
        limit_s: Seconds that any wait for it may take.
    """

    def __init__(self, order: Mapping[str, Any], mode: str, folder: Path, name: str, limit_s: float) -> None:
        self.folder = folder
        self._limit_s = limit_s
        self._report = folder.parent / f"{folder.name}-{name}.jsonl"
        self._output = self._report.with_suffix(".out")
        self._ended: str | None = None
        self._read = 0
        self._facts: list[dict[str, Any]] = []
        told = dict(order) | {"mode": mode, "folder": str(folder), "report": str(self._report)}
        told["limit_s"] = max(0.1, limit_s - 0.2)
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _WORKER, json.dumps(told)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )

    def go(self, variables: Mapping[str, str]) -> None:
        """Have it begin, once it has imported what it needs.

        Args:
            variables: Of its environment.
        """
        go = Path(f"{self._report}.go")
        go.with_suffix(".new").write_text(json.dumps(dict(variables)), encoding="utf-8")
        go.with_suffix(".new").replace(go)

    def wait(self, until: Callable[[], object], limit_s: float | None = None) -> bool:
        """Wait until something is so, or the process has ended, or its time is up: then it is killed.

        Args:
            until: Asked again and again.
            limit_s: Seconds, if not as long as any wait.

        Returns:
            Whether it is so.
        """
        limit_s = self._limit_s if limit_s is None else limit_s
        end_s = time.monotonic() + limit_s
        while not until():
            if self._process.poll() is not None:
                return bool(until())
            if broken := self._too_much() or (time.monotonic() > end_s and f"did not finish within {limit_s:g} s"):
                self._ended = f"{broken}; expected it to end" if "finish" in broken else broken
                self.kill()
                return False
            time.sleep(_LOOK_S)
        return True

    def finish(self) -> "Night":
        """Wait for its end."""
        self.wait(lambda: self._process.poll() is not None)
        return self

    @property
    def exit(self) -> int | None:
        """Its exit status, or None while it runs."""
        return self._process.poll()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def kill(self) -> None:
        """End it and its group at once."""
        end_group(self._process.pid)
        self._process.kill()
        self._process.wait()

    def output(self) -> str:
        """Return what it printed, the first 16 KiB."""
        try:
            with open(self._output, "rb") as file:
                return file.read(_SHOWN_BYTES).decode(errors="replace")
        except OSError:
            return ""

    def told(self, kind: str) -> list[dict[str, Any]]:
        """List what it has reported of one kind, oldest first."""
        try:
            text = self._report.read_bytes()
        except OSError:
            return []
        whole = text[self._read : text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            try:
                fact = json.loads(line)
            except ValueError:
                continue
            if isinstance(fact, dict):
                self._facts.append(fact)
        return [fact for fact in self._facts if fact.get("kind") == kind]

    def fact(self, kind: str) -> dict[str, Any]:
        """Return the last that it has reported of one kind.

        Raises:
            ContractBroken: There is none; with what went wrong instead, and in which module.
        """
        found = self.told(kind)
        if not found:
            raise self.broken()
        return found[-1]

    def broken(self) -> ContractBroken:
        """Say why it did not get further."""
        if errors := self.told("error"):
            return ContractBroken(_sentence(errors[0]))
        where = self._standing() or self._last()
        if self._ended:
            return ContractBroken(f"{where} {self._ended}")
        code = self.exit
        how = "goes on" if code is None else f"exit {code}" if code >= 0 else f"signal {-code}"
        return ContractBroken(f"{where} ended the whole process ({how}); expected it to return or raise")

    def _too_much(self) -> str:
        below = [self._process.pid, *descendants(self._process.pid)]
        if len(below) > LIMITS.processes:
            return f"ran more than {LIMITS.processes} processes at once"
        if any(peak_address_space(pid) > LIMITS.memory_bytes + _USUAL_BYTES for pid in below):
            return f"asked for more than {LIMITS.memory_bytes / 1e9:.0f} GB of memory"
        if self._output.stat().st_size > LIMITS.output_bytes:
            return f"printed more than {LIMITS.output_bytes >> 20} MiB"
        return ""

    def _last(self) -> str:
        """What it was about, where it ended without a word."""
        if not self.told("imported") and (importing := self.told("importing")):
            return f"{label_of(importing[-1]['module'])}:"
        steps = self.told("step")
        return f"the run, in its step {steps[-1]['name']}," if steps else "the run"

    def _standing(self) -> str:
        """Where it stood when its time was up: the innermost line of a file of the learner's."""
        try:
            stacks = Path(f"{self._report}.hang").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        for path, line in re.findall(r'File "([^"]+)", line (\d+)', stacks.rpartition("most recent call first")[2]):
            if label := file_names().get(Path(path).stem):
                return f"{label}: (line {line})"
        return ""


def label_of(module: str) -> str:
    """Name a module as people know it.

    Args:
        module: As the story imports it.

    Returns:
        As ``04 storage.py``; the name itself where it is not the learner's.
    """
    return file_names().get(module, module)


def _sentence(error: dict[str, Any]) -> str:
    called = [name for name in _CALL.findall(str(error.get("text", ""))) if name in file_names()]
    module = error.get("module") or (called or [_OF_STEP.get(str(error.get("step")), "")])[0]
    label = f"{label_of(module)}:" if module else "the run:"
    line = f" (line {error['line']})" if error.get("line") else ""
    if error.get("error") == "NotImplementedError":
        return f"{label} not written yet{line}: {error.get('detail')}".removesuffix(": ")
    at = f", where the story says {str(error.get('text')).strip()}" if not line and error.get("text") else ""
    return f"{label} raised {error.get('error')}{line}: {error.get('detail')}{at}".replace(": ,", ",")
