"""Run the checks.

Rule: each check stands alone: its crash or its hanging is one finding, and the others still answer.
They run side by side; all of them together take about as long as hashing the installed files.
"""

import difflib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from groundwork.environment._dotenv import check_dotenv
from groundwork.environment._finding import Finding
from groundwork.environment._interpreter import check_interpreter, check_place
from groundwork.environment._machine import check_cores, check_disk, check_gpu, check_memory, check_open_files
from groundwork.environment._packages import check_conflicts, check_files, check_packages
from groundwork.environment._subject import Subject, inspect
from groundwork.errors import ConfigurationError, EnvironmentBroken, MLException

Check = Callable[[Subject], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "interpreter": check_interpreter,
    "moved": check_place,
    "packages": check_packages,
    "files": check_files,
    "conflicts": check_conflicts,
    "cores": check_cores,
    "memory": check_memory,
    "disk": check_disk,
    "open-files": check_open_files,
    "gpu": check_gpu,
    "dotenv": check_dotenv,
}


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
        timeout_s: How long to wait for all checks together.

    Returns:
        At least one finding a check, in the order of the checks.

    Raises:
        ConfigurationError: There is no check of that name.
    """
    chosen = _chosen(only)
    folder = Path.cwd() if workdir is None else Path(workdir).absolute()
    if lock is None and (folder / "requirements.lock").is_file():
        lock = folder / "requirements.lock"
    try:
        subject = inspect(python, folder, None if lock is None else Path(lock).absolute())
    except EnvironmentBroken as error:
        return [
            Finding("interpreter", "error", error.message, "an interpreter that runs", "python3 bootstrap.py setup")
        ]
    return [finding for _, findings in _side_by_side(chosen, subject, timeout_s) for finding in findings]


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


def _side_by_side(chosen: dict[str, Check], subject: Subject, timeout_s: float) -> Iterator[tuple[str, list[Finding]]]:
    results: dict[str, list[Finding]] = {}

    def work(name: str, one: Check) -> None:
        results[name] = _isolated(name, one, subject)

    # Daemons: a check that hangs in the system must not keep the process from ending.
    threads = {name: threading.Thread(target=work, args=(name, one), daemon=True) for name, one in chosen.items()}
    end = time.monotonic() + timeout_s
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, end - time.monotonic()))
        late = Finding(name, "error", f"no answer within {timeout_s:g} s", "an answer", "see whether a disk hangs")
        yield name, results.get(name, [late])


def _isolated(name: str, one: Check, subject: Subject) -> list[Finding]:
    try:
        return list(one(subject))
    except MLException as error:
        return [Finding(name, "error", error.message, fix=error.hint or "")]
    except Exception as error:  # noqa: BLE001 - a check that crashes is a finding, and the others still count
        return [Finding(name, "error", f"the check itself failed: {type(error).__name__}: {error}", "an answer")]
