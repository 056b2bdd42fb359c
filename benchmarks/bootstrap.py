"""What bootstrap.py costs when everything is in place, and what each part of looking costs.

Run it with the environment set up: python3 benchmarks/bootstrap.py
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STARTS = 15
LIMIT_S = 0.5


def median_s(action: Callable[[], object], times: int = STARTS) -> float:
    action()
    spent = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)


def python(*arguments: str) -> Callable[[], object]:
    command = [getattr(sys, "_base_executable", sys.executable), *arguments]
    return lambda: subprocess.run(command, check=True, capture_output=True, cwd=ROOT)


def main() -> int:
    setup = python("bootstrap.py", "setup")
    setup()
    sys.path.insert(0, str(ROOT / "src"))
    from groundwork import environment

    venv = ROOT / ".venv"
    files = sum(1 for path in venv.rglob("*") if path.is_file())
    second_s = median_s(setup)
    rows = [
        ("bare python", median_s(python("-c", "")), None),
        ("second start of bootstrap.py", second_s, LIMIT_S),
        ("environment.fingerprint()", median_s(environment.fingerprint), 0.3),
        ("env check, every file hashed", median_s(lambda: environment.check(venv, workdir=ROOT), 3), None),
    ]
    print(f"{files} files in .venv, median of {STARTS}\n")
    print("| what | seconds | limit |")
    print("|---|---|---|")
    for name, seconds, limit in rows:
        print(f"| {name} | {seconds:.3f} | {'' if limit is None else f'{limit:.1f}'} |")
    return 0 if second_s <= LIMIT_S else 1


if __name__ == "__main__":
    raise SystemExit(main())
