"""Training that is killed: each life is a process that takes some batches, notes them, and dies in the middle.

Cost: one interpreter a life.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._failpoints import kill_self
from groundwork.testing._lab import Lab
from groundwork.testing._subject import load_subject, source_of
from groundwork.testing.contracts._batch_orders import loader, numbers

_MAIN = "from groundwork.testing.contracts._batch_crash import life; life()"


def lives(subject: ModuleType, lab: Lab, deaths: Sequence[int]) -> tuple[list[list[int]], Any]:
    """Train in one process after another.

    Args:
        subject: The implementation; each process imports it afresh.
        lab: Its folder keeps what was noted.
        deaths: For each process, the number of batches after which it is killed.

    Returns:
        The batches that were taken, and the state that the last process noted.

    Raises:
        ContractBroken: A process raised or ended before it was killed.
    """
    notes = lab.folder / "training.jsonl"
    notes.touch()
    for nth, batches in enumerate(deaths):
        request = {"subject": source_of(subject), "notes": str(notes), "batches": batches, "workers": 2 * nth}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        done = subprocess.run(
            [sys.executable, "-c", _MAIN],
            input=json.dumps(request).encode(),
            env=environment,
            capture_output=True,
            timeout=lab.limit_s,
            check=False,
        )
        if len(_noted(notes)) != sum(deaths[: nth + 1]):
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ContractBroken(f"a training process ended by itself: {said[-1] if said else done.returncode}")
    lines = _noted(notes)
    return [line["batch"] for line in lines], lines[-1]["state"]


def life() -> None:  # pragma: no cover - a killed process tells nobody which lines it ran
    """Go on where the notes end, take so many batches, be killed. The main function of the process."""
    request = json.load(sys.stdin)
    subject = load_subject(request["subject"])
    notes = Path(request["notes"])
    made = loader(subject, workers=request["workers"], prefetch=4)
    if lines := _noted(notes):
        made.load_state_dict(lines[-1]["state"])
    with notes.open("a", encoding="utf-8") as file:
        for nth, batch in enumerate(made, 1):
            [batch_numbers] = numbers([batch])
            file.write(json.dumps({"batch": batch_numbers, "state": made.state_dict()}) + "\n")
            file.flush()
            if nth == request["batches"]:
                kill_self()


def _noted(notes: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in notes.read_text("utf-8").splitlines()]
