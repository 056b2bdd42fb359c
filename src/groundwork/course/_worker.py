"""The process in which a learner's code runs.

Rule: it answers orders one at a time and decides nothing; what it does not answer has failed.
Its standard input and output are the channel to the grader. Before any of the learner's code is imported both are
moved to descriptors that child processes do not inherit, and what the learner prints goes to standard error.
"""

import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from groundwork.testing import load_subject, run_check


def main() -> None:
    """Answer the grader's orders until it closes the channel."""
    orders, answers = _private_channel()
    # Bound before the learner's code can put others into these modules.
    write, encode, judge = os.write, json.dumps, run_check
    subject: ModuleType | None = None
    checks: Any = None
    for order in _read(orders):
        answer: dict[str, Any] = {}
        if "load" in order:
            checks = importlib.import_module(order["contract"]).CONTRACT
            subject, answer["error"] = _load(Path(order["load"]))
        elif subject is not None:
            answer = judge(subject, checks[order["run"]], seed=order["seed"]).to_dict()
        write(answers, encode({**answer, "nonce": order["nonce"]}).encode() + b"\n")


def _private_channel() -> tuple[IO[str], int]:
    orders = os.fdopen(os.dup(0), "r", encoding="utf-8")
    answers = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return orders, answers


def _read(orders: IO[str]) -> Iterator[dict[str, Any]]:
    for line in orders:
        yield json.loads(line)


def _load(path: Path) -> tuple[ModuleType | None, str | None]:
    sys.path.insert(0, str(path.parent))
    try:
        return load_subject(path), None
    # The learner's module may raise anything; the sentence is the finding.
    except Exception as error:  # noqa: BLE001
        line = getattr(error, "lineno", None)
        place = f" (line {line})" if line else ""
        return None, f"importing {path.name} raised {type(error).__name__}{place}: {error}"
