"""The contract of ``CheckpointStore``, on a good day: what is saved comes back, and only the oldest go.

The subject offers ``CheckpointStore(root, keep=Keep(last=3))`` with ``save(model, *, step, metrics=None)``,
``load(which="latest")`` giving an object with ``.model`` and ``.info`` (``.step``, ``.metrics``), ``list()`` of such
infos by step, ``verify()`` giving None or a sentence by step, and ``prune()`` giving the steps that it deleted.
A model is a mapping of names to numpy arrays. How the files are laid out below ``root`` is the store's own business.
"""

from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing._unpickling import unpicklings
from groundwork.testing.contracts._models import (
    STORE,
    expect_step,
    expect_steps,
    files_of,
    loaded,
    model,
    saved,
    store,
)
from groundwork.testing.contracts._values import arrays, expect_arrays, expect_refusal, object_array

CHECKS = Contract("storage/checkpoints")


@CHECKS.check(
    Level.BASIC,
    rule="A saved model comes back with its step and metrics, also from a store that is opened later.",
    why="The process that loads is never the one that saved.",
    hint="Keep nothing in the object but the folder: all is on the disk.",
)
def a_saved_model_comes_back(subject: Any, lab: Lab) -> None:
    """Arrays that a careless format loses something of; the folder is made by the first save."""
    metrics = {"loss": 0.125, "roc_auc": 0.75}
    store(subject, lab.folder / "deep").save(arrays(lab), step=7, metrics=metrics)
    for which in ("latest", 7):
        checkpoint, told = loaded(store(subject, lab.folder / "deep"), which)
        expect_arrays(checkpoint.model, arrays(lab), f"from load({which!r})")
        if (checkpoint.info.step, dict(checkpoint.info.metrics)) != (7, metrics):
            found = f"step {checkpoint.info.step!r}, {dict(checkpoint.info.metrics)}"
            raise ContractBroken(f"info says {found}; expected step 7, {metrics}")
        if told:
            raise ContractBroken(f"loading a whole checkpoint warned: {told[0][:100]}")


@CHECKS.check(
    Level.BASIC,
    rule="The latest checkpoint is the one of the greatest step, and the list is in the order of steps.",
    why="As text '9' comes after '10', and file times change when folders are copied.",
    hint="Turn the number in the name into an int before you compare.",
    after=["a_saved_model_comes_back"],
)
def the_latest_is_the_greatest_step(subject: Any, lab: Lab) -> None:
    """Steps of one, two and ten digits, saved out of order."""
    steps = [9, 10, 3, 1_000_000_007, 20]
    saved(subject, lab.folder, *steps)
    opened = store(subject, lab.folder)
    expect_steps(opened, sorted(steps), f"after saving {steps}")
    for which, step in (("latest", max(steps)), (9, 9), (3, 3)):
        expect_step(loaded(opened, which)[0], step, f"by load({which!r})")


@CHECKS.check(
    Level.BASIC,
    rule="A step that is saved again is replaced.",
    why="A run that was killed goes on from the last checkpoint and comes to the same steps again.",
    hint="What is there already must not stop the rename.",
    after=["a_saved_model_comes_back"],
)
def a_step_saved_again_is_replaced(subject: Any, lab: Lab) -> None:
    """Twice more, with other arrays."""
    saved(subject, lab.folder, 1, 2)
    for salt in (1, 2):
        store(subject, lab.folder).save(model(2, salt=salt), step=2)
        expect_arrays(loaded(store(subject, lab.folder))[0].model, model(2, salt=salt), "after saving step 2 again")
    expect_steps(store(subject, lab.folder), [1, 2], "after saving step 2 again")


@CHECKS.check(
    Level.BASIC,
    rule="After a save only the last ones stay, as many as keep says; prune does the same when asked.",
    why="A checkpoint every ten minutes fills any disk in a week.",
    hint="Sort by step, keep the end of the list.",
    after=["the_latest_is_the_greatest_step"],
)
def the_oldest_are_pruned(subject: Any, lab: Lab) -> None:
    """Five saved with room for three, then room for one."""
    saved(subject, lab.folder, 1, 2, 3, last=3)
    before = len(files_of(lab.folder))
    saved(subject, lab.folder, 4, 5, last=3)
    expect_steps(store(subject, lab.folder), [3, 4, 5], "after five saves with keep=Keep(last=3)")
    if (now := len(files_of(lab.folder))) > before:
        raise ContractBroken(f"three checkpoints were {before} files, and are {now} after two more saves and prunes")
    deleted = sorted(store(subject, lab.folder, last=1).prune())
    if deleted != [3, 4]:
        raise ContractBroken(f"prune with keep=Keep(last=1) gave {deleted}; expected the steps that it deleted, [3, 4]")
    expect_steps(store(subject, lab.folder), [5], "after prune with keep=Keep(last=1)")


@CHECKS.check(
    Level.EDGE,
    rule="What is not there is an error that says so, and looking makes nothing.",
    why="None from load becomes an AttributeError far from the mistake; a new folder at a mistyped path hides it.",
    hint="Make the folder in save, not in __init__.",
    after=["a_saved_model_comes_back"],
)
def what_is_missing_is_an_error(subject: Any, lab: Lab) -> None:
    """No folder, no checkpoint, no such step."""
    opened = store(subject, lab.folder)
    expect_refusal(lambda: opened.load("latest"), STORE, "loading the latest of a store without a folder")
    if opened.list() or opened.verify() or (lab.folder / STORE).exists():
        raise ContractBroken("a store that was only looked at made its folder, or lists something; expected nothing")
    saved(subject, lab.folder, 1, 2)
    expect_refusal(lambda: opened.load(7), "7", "loading step 7 of a store of steps 1 and 2")


@CHECKS.check(
    Level.EDGE,
    rule="What was just saved is there after the save, even if later steps are there too.",
    why="A run goes back to step 5 and on from there: pruned by step alone, its new checkpoints go at once.",
    hint="The step just saved is kept, whatever else is.",
    after=["the_oldest_are_pruned"],
)
def what_was_just_saved_stays(subject: Any, lab: Lab) -> None:
    """Step 5 saved when 10 and 11 are there and only two are kept."""
    saved(subject, lab.folder, 10, 11, 5, last=2)
    opened = store(subject, lab.folder, last=2)
    for which, step in ((5, 5), ("latest", 11)):
        try:
            expect_step(loaded(opened, which)[0], step, f"by load({which!r}) after steps 10, 11 and 5 were saved")
        except NotImplementedError:
            raise
        except Exception as error:
            if isinstance(error, ContractBroken):
                raise
            raise ContractBroken(f"load({which!r}) raised {type(error).__name__} after saving 10, 11 and 5") from error


@CHECKS.check(
    Level.EDGE,
    rule="Nothing is pickled: objects are refused, and a load unpickles nothing.",
    why="A checkpoint from somewhere else that is unpickled runs what its maker wants.",
    hint="np.save, np.savez and np.load take allow_pickle=False.",
    after=["a_saved_model_comes_back"],
)
def no_checkpoint_is_unpickled(subject: Any, lab: Lab) -> None:
    """An array of objects, and the loading of plain ones."""
    saved(subject, lab.folder, 1)
    opened = store(subject, lab.folder)
    expect_refusal(lambda: opened.save({"a": object_array()}, step=2), "", "saving an array of objects")
    expect_steps(opened, [1], "after a save was refused")
    with unpicklings() as seen:
        loaded(store(subject, lab.folder))
    if seen:
        raise ContractBroken(f"loading a checkpoint unpickled {seen[0]}; expected arrays to be read without pickle")
