"""The contract of ``CheckpointStore``, when savers are killed or meet.

Rule: the newest that is whole is never lost, and what a killed saver leaves does not stay.
"""

from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing._system_calls import Call, Inode
from groundwork.testing.contracts._checkpoint_faults import CHECKS as CHECKS
from groundwork.testing.contracts._models import (
    LOADS,
    SAVERS,
    SAVES,
    STORE,
    TEMPLATE,
    expect_step,
    files_of,
    loaded,
    model,
    save_or_load,
    save_the_second_again,
    save_the_third,
    saved,
    store,
    template_before,
)
from groundwork.testing.contracts._replacing import inode_of, syncs
from groundwork.testing.contracts._values import same_arrays

_POSIX_FOLDERS = "folders cannot be synced there"
_POSIX_KILL = "the kills need fork and SIGKILL"
_POSIX_LOCKS = "locks of files differ there"
_MOVES = ("rename", "replace", "link")


@CHECKS.check(
    Level.CRASH,
    rule="When save returns, every file of the checkpoint is synced before it appears, and its folder after.",
    why="After a power cut the newest checkpoint has its name and its size, and zeros in it.",
    hint="fsync each file; then the rename; then fsync of the folder that holds the new name.",
    after=["a_saved_model_comes_back"],
    posix=_POSIX_FOLDERS,
)
def a_checkpoint_is_synced_before_it_appears(subject: Any, lab: Lab) -> None:
    """Read from the order of the system calls."""
    saved(subject, lab.folder, 1)
    before = files_of(lab.folder)
    with lab.system_calls(subject=subject) as calls:
        store(subject, lab.folder).save(model(2), step=2)
    added = [path for path, content in files_of(lab.folder).items() if path not in before and content]
    appeared = {str(each) for path in added for each in (path, *path.parents)} - {str(path.parent) for path in before}
    published = [nth for nth, call in enumerate(calls) if call.name in _MOVES and call.target in appeared]
    if not published:
        raise ContractBroken("no rename was seen in the store; expected the checkpoint to appear by one")
    for path in added:
        if not _synced_before(calls, inode_of(path), published[-1]):
            raise ContractBroken(f"{path.name} was not synced between its last write and the rename; expected os.fsync")
    if not any(syncs(call, calls[published[-1]].folder) for call in calls[published[-1] + 1 :]):
        raise ContractBroken("the folder was not synced after the rename; expected os.fsync of it")


@CHECKS.check(
    Level.CRASH,
    rule="Killed at any instant of a save, the latest is the old checkpoint or the new one, and saving goes on.",
    why="Spot machines are taken away in the middle of a save, again and again.",
    hint="The checkpoint must appear by one rename, and only then may old ones go.",
    after=["the_oldest_are_pruned"],
    posix=_POSIX_KILL,
)
def killed_in_a_save_the_latest_is_whole(subject: Any, lab: Lab) -> None:
    """Step 3 is saved and step 1 pruned; then step 4."""
    saved(subject, lab.folder / TEMPLATE, 1, 2)
    count = 0
    for crash in lab.crashes(subject, save_the_third, prepare=template_before):
        count += 1
        when = f"when killed before call {crash.nth}, {crash.before}"
        checkpoint = _loaded_after(subject, crash.folder, when)
        if checkpoint.info.step not in (2, 3):
            raise ContractBroken(f"step {checkpoint.info.step} was loaded {when}; expected 2 or 3")
        expect_step(checkpoint, checkpoint.info.step, when)
        saved(subject, crash.folder, 4, last=2)
        expect_step(_loaded_after(subject, crash.folder, when), 4, f"after one more save, {when}")
    if count < 3:
        raise ContractBroken(f"only {count} file-changing calls were seen; expected an open, a write and a rename")


@CHECKS.check(
    Level.CRASH,
    rule="Killed while a step is replaced, the step is there, with the old model or the new one.",
    why="rmtree and rename leaves an instant in which the only good checkpoint is gone.",
    hint="One file can be replaced by one rename. A folder cannot: then readers must find the old one meanwhile.",
    after=["a_step_saved_again_is_replaced", "killed_in_a_save_the_latest_is_whole"],
    posix=_POSIX_KILL,
)
def killed_in_a_replacement_the_step_is_there(subject: Any, lab: Lab) -> None:
    """Step 2 is saved once more, with another model."""
    saved(subject, lab.folder / TEMPLATE, 1, 2)
    for crash in lab.crashes(subject, save_the_second_again, prepare=template_before):
        when = f"when killed before call {crash.nth}, {crash.before}, while step 2 was replaced"
        checkpoint = _loaded_after(subject, crash.folder, when)
        if checkpoint.info.step != 2 or not any(same_arrays(checkpoint.model, model(2, salt=salt)) for salt in (0, 1)):
            raise ContractBroken(f"step {checkpoint.info.step} was loaded {when}; expected step 2, old or new")


@CHECKS.check(
    Level.CRASH,
    rule="What a killed save has left behind is gone after the next save.",
    why="Half a checkpoint of 10 GB at each kill fills the disk, and nobody knows whose it is.",
    hint="Who holds the store's lock may remove every temporary file: its writer cannot be alive.",
    after=["killed_in_a_save_the_latest_is_whole"],
    posix=_POSIX_KILL,
)
def the_next_save_sweeps_up(subject: Any, lab: Lab) -> None:
    """Steps 3 and 4 are saved; killed or not, the same files must be left."""
    saved(subject, lab.folder / TEMPLATE, 1, 2)
    undisturbed = lab.folder / "undisturbed" / "run"
    undisturbed.mkdir(parents=True)
    template_before(undisturbed)
    save_the_third(subject, undisturbed)
    saved(subject, undisturbed, 4, last=1)
    expected = len(files_of(undisturbed))
    for crash in lab.crashes(subject, save_the_third, prepare=template_before):
        saved(subject, crash.folder, 4, last=1)
        found = files_of(crash.folder)
        if len(found) > expected:
            names = ", ".join(str(path.relative_to(crash.folder / STORE)) for path in found)
            when = f"after the save that followed a kill before call {crash.nth}, {crash.before}"
            raise ContractBroken(f"the store holds {names} {when}; expected {expected} files")


@CHECKS.check(
    Level.LOAD,
    rule="Several processes save and load at once: no error, no warning, and the newest is there in the end.",
    why="A trainer saves, an evaluator loads, and a second trainer was started by mistake.",
    hint="A lock for the savers; and a loader looks again when what it was about to read has just been pruned.",
    after=["the_oldest_are_pruned"],
    posix=_POSIX_LOCKS,
)
def several_processes_save_and_load(subject: Any, lab: Lab) -> None:
    """Two savers, five steps each, and one loader."""
    saved(subject, lab.folder, 1)
    *_, steps = lab.processes(subject, save_or_load, count=SAVERS + 1)
    if len(steps) != LOADS or steps != sorted(steps):
        raise ContractBroken(f"the loader saw the steps {steps}; expected the latest never to go back")
    opened, newest = store(subject, lab.folder), 9 + SAVERS * SAVES
    if (found := loaded(opened)[0].info.step) != newest:
        raise ContractBroken(f"the latest is step {found} after all saves; expected {newest}")
    if wrong := {step: why for step, why in opened.verify().items() if why}:
        raise ContractBroken(f"verify says {wrong} after all saves; expected every one to be whole")


def _loaded_after(subject: Any, folder: Any, when: str) -> Any:
    try:
        return loaded(store(subject, folder))[0]
    except Exception as error:
        detail = " ".join(str(error).split())[:80]
        raise ContractBroken(f"load raised {type(error).__name__} {when}: {detail}; expected a checkpoint") from error


def _synced_before(calls: list[Call], inode: Inode, published: int) -> bool:
    written = [nth for nth, call in enumerate(calls) if call.name in ("write", "ftruncate") and call.inode == inode]
    return any(syncs(call, inode) for call in calls[max(written, default=-1) + 1 : published])
