"""The contract of ``CheckpointStore``, when something goes wrong: damage, full disks, kills, many processes at once.

Rule: what is loaded is what was saved, to the bit, or something older with a warning; and the newest that is whole
is never lost.
"""

import errno
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._faults import failing, full_disk
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._checkpointing import CHECKS as CHECKS
from groundwork.testing.contracts._models import (
    damages,
    each_damage,
    expect_passed_over,
    expect_step,
    expect_steps,
    files_of,
    flipped,
    loaded,
    model,
    saved,
    store,
    truncations,
)
from groundwork.testing.contracts._replacing import expect_error
from groundwork.testing.contracts._values import expect_refusal


@CHECKS.check(
    Level.FAULT,
    rule="One flipped bit in the newest checkpoint: the one before it is loaded, with a warning that names the step.",
    why="Disks and copies flip bits; a weight that changed its sign serves wrong answers for weeks.",
    hint="Store a SHA-256 of everything, and compare it before anything is decoded.",
    after=["the_latest_is_the_greatest_step"],
)
def a_flipped_bit_is_noticed(subject: Any, lab: Lab) -> None:
    """At several places of each file that belongs to the checkpoint."""
    each_damage(subject, lab, lambda content: damages(content, lab), must=True)


@CHECKS.check(
    Level.FAULT,
    rule="A file of the newest checkpoint that is cut, empty or gone: the one before it is loaded, with a warning.",
    why="A copy that was broken off leaves just this, and the decoder's own error would stop the service.",
    hint="Whatever cannot be read as a checkpoint is a damaged checkpoint.",
    after=["the_latest_is_the_greatest_step"],
)
def a_cut_checkpoint_is_passed_over(subject: Any, lab: Lab) -> None:
    """Each file cut in half, by a byte, to nothing; each file gone, unless that takes the whole checkpoint away."""
    alone = len(saved(subject, lab.folder / "count", 1, 2)) == 1
    each_damage(
        subject,
        lab,
        lambda content: (each for each in truncations(content) if each[1] is not None or not alone),
        must=True,
    )


@CHECKS.check(
    Level.FAULT,
    rule="A damaged step that is asked for by its number is an error, never another step.",
    why="Who asks for step 2 compares it with something; step 1 in its place falsifies the result.",
    hint="Only 'latest' may pass over.",
    after=["a_flipped_bit_is_noticed"],
)
def a_damaged_step_asked_for_is_an_error(subject: Any, lab: Lab) -> None:
    """A bit of the largest file flipped."""
    _damage_the_second(subject, lab)
    expect_refusal(lambda: loaded(store(subject, lab.folder), 2), "2", "load(2) of a damaged step 2")


@CHECKS.check(
    Level.FAULT,
    rule="verify says of each step what is wrong with it, or None, and changes nothing.",
    why="A nightly job looks whether the copies are good; it must not move anything.",
    hint="The same comparison as in load, without the decoding and without setting aside.",
    after=["a_flipped_bit_is_noticed"],
)
def verify_tells_what_is_damaged(subject: Any, lab: Lab) -> None:
    """Steps 1 and 2, of which the second is damaged."""
    _damage_the_second(subject, lab)
    before = files_of(lab.folder)
    found = store(subject, lab.folder).verify()
    if list(found) != [1, 2] or found[1] is not None or not isinstance(found[2], str):
        raise ContractBroken(f"verify gave {found!r}; expected None for step 1 and a sentence for step 2")
    if files_of(lab.folder) != before:
        raise ContractBroken("verify changed the store; expected it only to look")


@CHECKS.check(
    Level.FAULT,
    rule="A damaged checkpoint that was passed over is set aside: out of the list, but not deleted.",
    why="Most of it may be saved by hand, and somebody must find out why it broke.",
    hint="Rename it to a name that the store does not look for.",
    after=["a_flipped_bit_is_noticed"],
)
def damage_is_set_aside_not_deleted(subject: Any, lab: Lab) -> None:
    """Loaded twice, and saved again."""
    damaged = _damage_the_second(subject, lab)
    expect_passed_over(subject, lab.folder, "a flipped bit", must=True)
    if damaged not in files_of(lab.folder).values():
        raise ContractBroken("the damaged file is nowhere in the store after the load; expected it to be set aside")
    checkpoint, told = loaded(store(subject, lab.folder))
    expect_step(checkpoint, 1, "by a second load")
    if told:
        raise ContractBroken(f"a second load warned again: {told[0][:80]}; expected no damaged one to be there")
    expect_steps(store(subject, lab.folder), [1], "when step 2 was set aside")
    saved(subject, lab.folder, 2)
    expect_step(loaded(store(subject, lab.folder))[0], 2, "after step 2 was saved anew")
    if damaged not in files_of(lab.folder).values():
        raise ContractBroken("the damaged file is gone after its step was saved anew; expected it to stay")


@CHECKS.check(
    Level.FAULT,
    rule="Pruning never deletes the newest checkpoint that is whole.",
    why="The newest is damaged, the one before it pruned by count: nothing is left to load.",
    hint="Before something is deleted, look for the newest that verifies, and keep it.",
    after=["the_oldest_are_pruned", "a_flipped_bit_is_noticed"],
)
def the_newest_whole_one_is_never_pruned(subject: Any, lab: Lab) -> None:
    """Room for one; of three, the last is damaged."""
    added = saved(subject, lab.folder, 1, 2, 3)
    largest = max(added, key=lambda path: len(added[path]))
    largest.write_bytes(flipped(added[largest], len(added[largest]) // 2))
    store(subject, lab.folder, last=1).prune()
    try:
        checkpoint, _ = loaded(store(subject, lab.folder))
    except Exception as error:
        raise ContractBroken(f"after prune nothing can be loaded ({type(error).__name__}); expected step 2") from error
    expect_step(checkpoint, 2, "after prune with keep=Keep(last=1), step 3 being damaged")


@CHECKS.check(
    Level.FAULT,
    rule="A save that fails is an error, and leaves the store as it was.",
    why="A full disk must cost the new checkpoint, not the old ones, and must not be made fuller by what is left.",
    hint="Prune only when the new one is safe; remove what was half written.",
    after=["the_oldest_are_pruned"],
)
def a_failed_save_changes_nothing(subject: Any, lab: Lab) -> None:
    """A full disk and a failing sync; room for one checkpoint, so that a success would prune."""
    saved(subject, lab.folder, 1)
    before = files_of(lab.folder)
    for number, when, fault in (
        (errno.ENOSPC, "the disk was full", full_disk(0)),
        (errno.ENOSPC, "the disk had room for 3,000 bytes", full_disk(3000)),
        (errno.EIO, "fsync failed", failing("fsync", "fdatasync", "sync", error=errno.EIO)),
    ):
        opened = store(subject, lab.folder, last=1)
        with expect_error(number, when, fault, subject, lab):
            opened.save(model(2), step=2)
        store(subject, lab.folder)  # opening may sweep
        if (found := files_of(lab.folder)) != before:
            names = ", ".join(path.name for path in found)
            raise ContractBroken(f"the store holds {names} after a save when {when}; expected what was there before")
    expect_step(loaded(store(subject, lab.folder))[0], 1, "after three failed saves of step 2")


def _damage_the_second(subject: Any, lab: Lab) -> bytes:
    added = saved(subject, lab.folder, 1, 2)
    path = max(added, key=lambda path: len(added[path]))
    path.write_bytes(flipped(added[path], len(added[path]) // 2))
    return path.read_bytes()
