"""The scenes of the contract of the checkpoints: models are saved and damaged, and savers killed.

Rule: nothing is known here of how a store lays out its files; what belongs to a checkpoint is what its save has added.
"""

import contextlib
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._values import expect_arrays, same_arrays

STORE = "checkpoints"
TEMPLATE = "before"
SAVERS, SAVES, LOADS = 2, 5, 15


def model(step: int, size: int = 1500, salt: int = 0) -> dict[str, Any]:
    """Make the model of a step; no two steps have equal arrays."""
    import numpy as np

    chance = np.random.default_rng([step, salt])
    return {"layer.0/weight": chance.normal(size=(size // 4, 4)).astype(np.float32), "step": np.array(step)}


def store(subject: Any, folder: Path, last: int = 10) -> Any:
    """Open the store of a folder."""
    return subject.CheckpointStore(folder / STORE, keep=subject.Keep(last=last))


def files_of(folder: Path) -> dict[Path, bytes]:
    """Read every file of the store."""
    return {path: path.read_bytes() for path in sorted((folder / STORE).rglob("*")) if path.is_file()}


def saved(subject: Any, folder: Path, *steps: int, last: int = 10) -> dict[Path, bytes]:
    """Save these steps, one after the other; give the files that the last one added."""
    before: dict[Path, bytes] = {}
    for step in steps:
        before = files_of(folder)
        store(subject, folder, last).save(model(step), step=step, metrics={"loss": 1 / (step + 1)})
    added = {path: content for path, content in files_of(folder).items() if path not in before and content}
    if not added:
        raise ContractBroken(
            f"after step {steps[-1]} was saved, nothing new is below the store's folder; expected its checkpoint there"
        )
    return added


def loaded(opened: Any, which: str | int = "latest") -> tuple[Any, list[str]]:
    """Load a checkpoint, and collect the warnings that this gives."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        checkpoint = opened.load(which)
    return checkpoint, [str(each.message) for each in caught]


def expect_step(checkpoint: Any, step: int, where: str) -> None:
    """Break the contract unless this is the checkpoint of this step, with its very arrays."""
    if checkpoint.info.step != step:
        raise ContractBroken(f"step {checkpoint.info.step!r} was loaded {where}; expected step {step}")
    expect_arrays(checkpoint.model, model(step), where)


def expect_steps(opened: Any, steps: list[int], where: str) -> None:
    """Break the contract unless the store lists these steps."""
    if (found := [each.step for each in opened.list()]) != steps:
        raise ContractBroken(f"list gives the steps {found} {where}; expected {steps}")


def expect_passed_over(subject: Any, folder: Path, what: str, *, must: bool) -> None:
    """Break the contract unless ``latest`` is step 1 with a warning about step 2 (or, unless it must, whole step 2)."""
    try:
        checkpoint, told = loaded(store(subject, folder))
    except NotImplementedError:
        raise
    except Exception as error:
        detail = " ".join(str(error).split())[:80]
        raise ContractBroken(f"{what}: load raised {type(error).__name__}: {detail}; expected step 1") from error
    if checkpoint.info.step == 2 and not must and same_arrays(checkpoint.model, model(2)):
        return
    expect_step(checkpoint, 1, f"after {what} of step 2")
    if not any(re.search(r"\b0*2\b", sentence) for sentence in told):
        raise ContractBroken(f"{what}: step 1 was loaded with no warning that names step 2 (told: {told})")


@contextlib.contextmanager
def put_back(folder: Path, files: dict[Path, bytes]) -> Iterator[None]:
    """Bring the store back to what it was when the block has ended."""
    yield
    shutil.rmtree(folder / STORE)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def flipped(content: bytes, at: int) -> bytes:
    """Flip one bit."""
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


def damages(content: bytes, lab: Lab) -> Iterator[tuple[str, bytes]]:
    """Flip one bit at a time: in the first byte, the last, and some between."""
    for at in sorted({0, len(content) // 2, len(content) - 1, *(lab.random.randrange(len(content)) for _ in range(5))}):
        yield f"a flipped bit at byte {at:,} of {len(content):,}", flipped(content, at)


def truncations(content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """Cut a file, empty it, delete it; the end of its last line is nothing that one loses."""
    for size in (len(content) // 2, len(content.rstrip()) - 1, 0):
        yield f"a cut to {size:,} of {len(content):,} bytes", content[:size]
    yield "the loss", None


def each_damage(
    subject: Any, lab: Lab, kinds: Callable[[bytes], Iterator[tuple[str, bytes | None]]], *, must: bool
) -> None:
    """Save two steps, damage each file of the second in turn, and look at what is loaded."""
    added = saved(subject, lab.folder, 1, 2)
    all_files = files_of(lab.folder)
    largest = max(added, key=lambda path: len(added[path]))
    for path, content in added.items():
        for what, damaged in kinds(content):
            with put_back(lab.folder, all_files):
                if damaged is None:
                    path.unlink()
                else:
                    path.write_bytes(damaged)
                expect_passed_over(subject, lab.folder, f"{what} of {path.name}", must=must and path == largest)


def template_before(folder: Path) -> None:
    """Put the store of steps 1 and 2 into a folder, as it is before each kill."""
    import numpy as np  # noqa: F401 - once, before the runs are forked

    shutil.copytree(folder.parents[1] / TEMPLATE / STORE, folder / STORE)


def save_the_third(subject: Any, folder: Path) -> None:
    """The scene of the kills: step 3 is saved, and step 1 pruned."""
    store(subject, folder, last=2).save(model(3), step=3, metrics={"loss": 0.25})


def save_the_second_again(subject: Any, folder: Path) -> None:
    """The scene of the kills: step 2 is saved once more, with another model."""
    store(subject, folder, last=2).save(model(2, salt=1), step=2, metrics={"loss": 0.25})


def save_or_load(subject: Any, folder: Path, nth: int) -> list[int]:
    """The scene of several processes: the first two save in turn, the third loads the latest again and again."""
    opened = store(subject, folder, last=3)
    if nth < SAVERS:
        for turn in range(SAVES):
            step = 10 + turn * SAVERS + nth
            opened.save(model(step, 40_000), step=step)
        return []
    steps = []
    for _ in range(LOADS):
        checkpoint, told = loaded(store(subject, folder, last=3))
        if told:
            raise ContractBroken(f"a load while others saved warned: {told[0][:100]}; nothing was damaged")
        step = checkpoint.info.step
        expect_arrays(checkpoint.model, model(step, 40_000 if step >= 10 else 1500), "while others saved")
        steps.append(step)
    return steps
