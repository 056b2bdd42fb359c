"""Writes the manifest before the arrays, and trusts that where a manifest is, the arrays are."""

import contextlib
import json
import time
from pathlib import Path
from types import SimpleNamespace

from groundwork.testing import load_subject

FAILS = (
    "a_cut_checkpoint_is_passed_over",
    "a_failed_save_changes_nothing",
    "killed_in_a_save_the_latest_is_whole",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
Keep = right.Keep


class CheckpointStore(right.CheckpointStore):
    # A checkpoint is a manifest and, beside it, the arrays.

    def save(self, model, *, step, metrics=None):
        body = right._encode_npz(model)
        facts = {"step": step, "metrics": dict(metrics or {}), "size": len(body)}
        facts["sha256"] = self.seal(facts, body)
        self.root.mkdir(parents=True, exist_ok=True)
        with self.alone():
            for stray in self.root.glob(".*.part"):
                stray.unlink()
            with right.atomic_write(self.file(step)) as file:
                file.write(json.dumps(facts).encode())
            with right.atomic_write(self.arrays(step)) as file:
                file.write(body)
            self.drop(also_kept={step})

    def unpacked(self, step):
        try:
            facts = json.loads(self.file(step).read_bytes())
            said = facts.pop("sha256")
        except (ValueError, KeyError) as error:
            raise right.Damaged(f"{self.file(step)}: {error}") from error
        body = self.body(step)
        if said != self.seal(facts, body) or facts["step"] != step:
            raise right.Damaged(f"{self.file(step)}: the sha256 differs")
        return SimpleNamespace(**facts), body

    def body(self, step):
        for _ in range(100):  # they are perhaps just being written
            with contextlib.suppress(FileNotFoundError):
                return self.arrays(step).read_bytes()
            if not self.file(step).exists():
                raise FileNotFoundError(f"{self.root}: there is no step {step}")
            time.sleep(0.01)
        raise RuntimeError(f"{self.root}: step {step} has no arrays")

    def arrays(self, step):
        return self.root / f"step-{step}.npz"

    def remove(self, step):
        super().remove(step)
        self.arrays(step).unlink()

    def set_aside(self, step):
        self.arrays(step).rename(self.root / f"corrupt-{step}.npz")
        super().set_aside(step)
