"""The check of ``.pth`` files, which Python reads from the folder of packages at every start.

Rule: what a line names must exist, and a line of code must run; code is run in a process of its own with a time limit,
line by line, as every start of that interpreter does. Cost: one stat a line, and 30 ms where a file holds code.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from groundwork.environment import _pth_run
from groundwork.environment._finding import Finding
from groundwork.environment._mends import delete, reinstalled
from groundwork.environment._record import owner_of
from groundwork.environment._subject import Subject, run_quietly

_ANSWER_S = 5.0
_MEND_LINES = "every line names a folder that exists, or runs"


@dataclass(frozen=True)
class _Fault:
    path: Path
    what: str


def check_pth(subject: Subject) -> Iterator[Finding]:
    """Judge every ``.pth`` file of an environment.

    Args:
        subject: The environment.

    Yields:
        One finding a faulty file or line, or one that all is well.
    """
    files = [path for folder in subject.site_packages for path in _files(folder)]
    faults: list[_Fault] = []
    code = False
    for path in files:
        try:
            lines = _pth_run.lines_of(path)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            faults.append(_Fault(path, f"{path.name} cannot be read: {reason}"))
            continue
        for number, line in lines:
            if _pth_run.is_code(line):
                code = True
            elif not os.path.exists(os.path.join(path.parent, line)):
                faults.append(_Fault(path, f"{path.name}, line {number} names {line}, which does not exist"))
    if code:
        faults += _run(subject)
    for fault in faults:
        yield _finding(subject, fault)
    if not faults:
        yield Finding("pth", "ok", f"{len(files)} .pth files are in order" if files else "there are no .pth files")


def _files(folder: Path) -> list[Path]:
    return [folder / name for name in _pth_run.files_in(folder)]


def _run(subject: Subject) -> Iterator[_Fault]:
    words = [str(subject.python), "-I", "-S", _pth_run.__file__, str(subject.prefix)]
    try:
        said = run_quietly([*words, *map(str, subject.site_packages)], timeout_s=_ANSWER_S).stdout
        late = ""
    except subprocess.TimeoutExpired as error:
        output = error.stdout or b""
        said = output if isinstance(output, str) else output.decode("utf-8", "replace")
        late = f"does not end within {_ANSWER_S:g} s"
    begun: tuple[str, str] | None = None
    for line in said.split("\n"):
        word, _, rest = line.partition("\t")
        if word == _pth_run.BEGIN:
            path, _, number = rest.rpartition("\t")
            begun = (path, number)
        elif word == _pth_run.END and begun is not None:
            if rest:
                yield _Fault(Path(begun[0]), f"{os.path.basename(begun[0])}, line {begun[1]} raises {rest}")
            begun = None
    if begun is not None:
        what = late or "ends the interpreter"
        yield _Fault(Path(begun[0]), f"{os.path.basename(begun[0])}, line {begun[1]} {what}")


def _finding(subject: Subject, fault: _Fault) -> Finding:
    owner = owner_of(subject.site_packages, fault.path)
    if owner is None:
        return Finding("pth", "error", fault.what, _MEND_LINES, delete(fault.path), python=str(subject.python))
    what = f"{owner.name}: {fault.what}"
    return reinstalled(subject, "pth", what, _MEND_LINES, [(owner.name, f"{owner.name}=={owner.version}")])
