"""Run the checks.

Rule: each check stands alone: its crash or its hanging is one finding, and the others still answer.
They run side by side; all of them together take about as long as hashing the installed files.
"""

import difflib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from groundwork.environment._dependencies import check_conflicts, check_dependencies
from groundwork.environment._dotenv import check_dotenv
from groundwork.environment._files import check_files, check_record
from groundwork.environment._finding import Finding
from groundwork.environment._gpu import check_gpu
from groundwork.environment._interpreter import base_fault, check_base, check_interpreter, check_place
from groundwork.environment._layout import Layout
from groundwork.environment._machine import check_cores, check_disk, check_memory, check_open_files
from groundwork.environment._mends import command, rebuild, rename
from groundwork.environment._packages import check_packages
from groundwork.environment._pth import check_pth
from groundwork.environment._runtimes import check_runtimes
from groundwork.environment._scrub import scrub
from groundwork.environment._shadow import check_shadowed
from groundwork.environment._subject import Subject, inspect, interpreter_of, lost_config
from groundwork.environment._unfinished import check_unfinished
from groundwork.errors import ConfigurationError, EnvironmentBroken, MLException

Check = Callable[[Subject], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "interpreter": check_interpreter,
    "base": check_base,
    "moved": check_place,
    "unfinished": check_unfinished,
    "packages": check_packages,
    "files": check_files,
    "record": check_record,
    "dependencies": check_dependencies,
    "conflicts": check_conflicts,
    "shadowed": check_shadowed,
    "pth": check_pth,
    "cores": check_cores,
    "memory": check_memory,
    "disk": check_disk,
    "open-files": check_open_files,
    "gpu": check_gpu,
    "runtimes": check_runtimes,
    "dotenv": check_dotenv,
}

# Those that read every byte may take as long as the caller lets them; the others only look at a few files, or run one
# short command that has a limit of its own.
_READ_ALL = ("files", "record")
_LOOK_S = 20.0


def check(
    python: Path | str | None = None,
    *,
    only: str | Iterable[str] | None = None,
    lock: Path | str | None = None,
    workdir: Path | str | None = None,
    timeout_s: float = 60.0,
) -> list[Finding]:
    """Inspect an environment and the machine.

    Args:
        python: Interpreter or folder of the environment; None for the running one.
        only: Names of checks; None for all.
        lock: The lock to compare with; None for ``requirements.lock`` in ``workdir``, if there is one.
        workdir: Folder of the project; None for the current one.
        timeout_s: How long a check may take; those that do not read every file get 20 s at most.

    Returns:
        At least one finding a check, in the order of the checks.

    Raises:
        ConfigurationError: There is no check of that name, or nothing where the interpreter should be.
    """
    chosen = _chosen(only)
    folder = Path.cwd() if workdir is None else Path(workdir).absolute()
    if lock is None and (folder / "requirements.lock").is_file():
        lock = folder / "requirements.lock"
    try:
        subject = inspect(python, folder, None if lock is None else Path(lock).absolute())
    except EnvironmentBroken as error:
        return [_shown(one) for one in _no_interpreter(interpreter_of(python or ""), folder, lock, error)]
    return [_shown(one) for one in _side_by_side(chosen, subject, timeout_s)]


def _no_interpreter(python: Path, folder: Path, lock: Path | str | None, error: EnvironmentBroken) -> Iterator[Finding]:
    root = python.parent.parent
    broken = Layout(root).config.is_file()
    remains = lost_config(root)
    anew = root if broken or remains else folder / ".venv"
    fix = rebuild(anew, folder, None if lock is None else Path(lock).absolute())
    if remains and not Layout(root).stamp.is_file():
        # Nothing says that it was an environment, so that no command would replace it.
        fix = rename(root, f"{root.name}-old")
    yield Finding("interpreter", "error", error.message, "an interpreter that runs", fix, python=str(python))
    # Without running it: what the environment notes of the Python that it was made from may say why.
    fault = base_fault(root, python, None) if broken else None
    if fault is not None:
        yield Finding("base", "error", fault, "the Python it was made from", fix, python=str(python))


def _chosen(only: str | Iterable[str] | None) -> dict[str, Check]:
    if only is None:
        return CHECKS
    names = [only] if isinstance(only, str) else list(only)
    for name in names:
        if name not in CHECKS:
            near = difflib.get_close_matches(name, CHECKS, n=1)
            raise ConfigurationError(
                f"there is no check {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
                hint=f"the checks are: {', '.join(CHECKS)}",
            )
    return {name: one for name, one in CHECKS.items() if name in names}


def _side_by_side(chosen: dict[str, Check], subject: Subject, timeout_s: float) -> Iterator[Finding]:
    answers: dict[str, list[Finding]] = {}

    def work(name: str, one: Check) -> None:
        answers[name] = _isolated(name, one, subject)

    # Daemons: a check that hangs in the system must not keep the process from ending.
    threads = {name: threading.Thread(target=work, args=(name, one), daemon=True) for name, one in chosen.items()}
    start = time.monotonic()
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        limit_s = timeout_s if name in _READ_ALL else min(timeout_s, _LOOK_S)
        thread.join(max(0.0, start + limit_s - time.monotonic()))
        findings = answers.get(name)
        if findings is not None:
            yield from findings
        else:
            what = f"no answer within {limit_s:g} s" if thread.is_alive() else "the check ended without an answer"
            yield Finding(name, "error", what, "an answer", _again(name, subject), python=str(subject.python))


def _isolated(name: str, one: Check, subject: Subject) -> list[Finding]:
    try:
        return list(one(subject))
    except MLException as error:
        return [Finding(name, "error", error.message, "an answer", error.hint or _again(name, subject))]
    except Exception as error:  # noqa: BLE001 - a check that crashes is a finding, and the others still count
        found = f"the check itself failed: {type(error).__name__}: {error}"
        return [Finding(name, "error", found, "an answer", _again(name, subject), python=str(subject.python))]


def _again(name: str, subject: Subject) -> str:
    return command("groundwork", "env", "check", "--only", name, "--python", subject.python)


def _shown(one: Finding) -> Finding:
    return replace(one, found=scrub(one.found), expected=scrub(one.expected), fix=scrub(one.fix))
