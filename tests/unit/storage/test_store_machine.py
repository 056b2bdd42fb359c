"""A checkpoint store against a plain dict, whatever is done to it, in whatever order."""

import errno
import random
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, DurabilityUnknownError, StorageError
from groundwork.storage import CheckpointSkippedWarning, CheckpointStore, Keep
from groundwork.testing import failpoints

STEPS = st.integers(0, 4)
SCORES = st.integers(0, 3)
BEFORE = ["before_write", "before_manifest", "before_rename"]


class Died(BaseException):
    """The end of the process; nothing that runs after it in this one counts."""


class StoreMachine(RuleBasedStateMachine):
    """What the store holds is what the model holds: by step a number and its score, and the scores of the damaged."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="store-machine-"))
        self.whole: dict[int, tuple[float, int]] = {}
        self.damaged: dict[int, int] = {}
        self.saves = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize(last=st.integers(1, 3), best=st.integers(0, 2))
    def opens(self, last: int, best: int) -> None:
        self.keep = Keep(last=last, best=("score", best) if best else None)
        self.store = CheckpointStore(self.root, keep=self.keep)

    def save(self, step: int, score: int) -> None:
        self.saves += 1
        self.store.save(
            {"w": np.full(9, float(self.saves))}, step=step, metrics={"score": score}, files={"n": b"%d" % self.saves}
        )

    def published(self, step: int, score: int) -> None:
        self.whole[step] = (float(self.saves), score)
        self.damaged.pop(step, None)

    def saved(self, step: int, score: int) -> None:
        """Do to the model what a finished save does, its pruning included."""
        self.published(step, score)
        self.pruned(just_saved=step)

    def pruned(self, just_saved: int | None) -> list[int]:
        # Pruning reads manifests, and the damage here is to files; so the damaged count as the others do.
        steps = sorted({*self.whole, *self.damaged}, reverse=True)
        if len(steps) <= self.keep.last:
            return []
        kept = {*steps[: self.keep.last], just_saved}
        if self.keep.best is not None:
            kept.update(sorted(steps, key=lambda step: (-self.score[step], -step))[: self.keep.best[1]])
        if self.whole:
            kept.add(max(self.whole))
        gone = [step for step in steps if step not in kept]
        for step in gone:
            self.whole.pop(step, None)
            self.damaged.pop(step, None)
        return sorted(gone)

    @property
    def score(self) -> dict[int, int]:
        return {**self.damaged, **{step: score for step, (_, score) in self.whole.items()}}

    @rule(step=STEPS, score=SCORES)
    def saves_one(self, step: int, score: int) -> None:
        self.save(step, score)

        self.saved(step, score)

    @rule(step=STEPS, score=SCORES, place=st.sampled_from([*BEFORE, "between_renames", "after_rename"]))
    def dies_in_a_save(self, step: int, score: int, place: str) -> None:
        """What is on the disk at that instant is all that the next process finds; what this one tidies is undone."""
        aside = self.root.with_name(f"{self.root.name}-at-its-death")

        def die() -> None:
            shutil.copytree(self.root, aside)
            raise Died

        replaces = step in self.whole or step in self.damaged
        try:
            with failpoints({f"storage.checkpoint.{place}": die}):
                self.save(step, score)
        except Died:
            shutil.rmtree(self.root)
            aside.rename(self.root)
            if place == "after_rename":
                self.published(step, score)
            self.reopens()
        else:
            assert (place, replaces) == ("between_renames", False)
            self.saved(step, score)

    @rule(step=STEPS, score=SCORES, place=st.sampled_from([*BEFORE, "between_renames", "after_rename"]))
    def is_refused_in_a_save(self, step: int, score: int, place: str) -> None:
        replaces = step in self.whole or step in self.damaged
        expected = DurabilityUnknownError if place == "after_rename" else StorageError
        with failpoints({f"storage.checkpoint.{place}": OSError(errno.ENOSPC, "full")}):
            if place == "between_renames" and not replaces:
                self.save(step, score)
                self.saved(step, score)
                return
            with pytest.raises(expected) as told:
                self.save(step, score)
        assert type(told.value) is expected
        if place == "after_rename":
            self.published(step, score)
            self.reopens()

    @rule(seed=st.integers(0, 99))
    def damages_one(self, seed: int) -> None:
        if self.whole:
            self.damage(random.Random(seed).choice(sorted(self.whole)), seed)

    @rule(seed=st.integers(0, 99), score=SCORES)
    def goes_back(self, seed: int, score: int) -> None:
        """Go on from an older one because the newest is damaged."""
        if newest := max(self.whole, default=0):
            self.damage(newest, seed)
            self.saves_one(seed % newest, score)

    def damage(self, step: int, seed: int) -> None:
        rng = random.Random(seed)
        path = self.root / f"step-{step:08d}" / rng.choice(["model.safetensors", "files/n"])
        content = bytearray(path.read_bytes())
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content[: rng.choice([len(content), 0])] if len(content) < 3 else content)
        self.damaged[step] = self.whole.pop(step)[1]

    @rule()
    def loads_the_latest(self) -> None:
        newer = [step for step in self.damaged if step > max(self.whole, default=-1)]
        self.loads_first("latest", max(self.whole, default=None), newer)

    @rule()
    def loads_the_best(self) -> None:
        if self.keep.best is None:
            return
        ranked = sorted({*self.whole, *self.damaged}, key=lambda step: (-self.score[step], -step))
        best = next((step for step in ranked if step in self.whole), None)
        worse = ranked.index(best) if best is not None else len(ranked)
        self.loads_first("best", best, ranked[:worse])

    def loads_first(self, which: str, expected: int | None, passed_over: list[int]) -> None:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            if expected is None:
                with pytest.raises(CheckpointCorrupt if passed_over else CheckpointNotFoundError):
                    self.store.load(which)
            else:
                loaded = self.store.load(which)
                assert (loaded.info.step, loaded.model["w"].tolist()) == (expected, [self.whole[expected][0]] * 9)
        assert sorted(passed_over) == sorted(int(str(each.message).split()[1]) for each in told)
        assert {CheckpointSkippedWarning} >= {each.category for each in told}
        for step in passed_over:
            del self.damaged[step]

    @rule(step=STEPS)
    def loads_a_step(self, step: int) -> None:
        try:
            number = self.store.load(step).model["w"][0]
        except CheckpointNotFoundError:
            assert step not in self.whole
            assert step not in self.damaged
        except CheckpointCorrupt:
            assert step in self.damaged
        else:
            assert self.whole[step][0] == number

    @rule()
    def prunes(self) -> None:
        removed = self.store.prune()

        assert self.pruned(just_saved=None) == removed

    @rule()
    def reopens(self) -> None:
        self.store = CheckpointStore(self.root, keep=self.keep)

    @invariant()
    def verify_tells_the_truth(self) -> None:
        found = CheckpointStore(self.root, keep=self.keep).verify()

        assert sorted(self.whole) == [step for step, wrong in found.items() if wrong is None]
        assert sorted(self.damaged) == [step for step, wrong in found.items() if wrong is not None]

    @invariant()
    def nothing_is_left_over(self) -> None:
        names = {path.name for path in self.root.iterdir() if not path.name.startswith("corrupt-")}

        assert names <= {".lock", *(f"step-{step:08d}" for step in {*self.whole, *self.damaged})}

    @invariant()
    def list_is_in_order_and_complete(self) -> None:
        assert sorted({*self.whole, *self.damaged}) == [info.step for info in self.store.list()]


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
