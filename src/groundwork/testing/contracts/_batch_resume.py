"""The contract of ``BatchLoader`` when the training stops in the middle of an epoch, and goes on."""

import json
import threading
import time
from functools import partial
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._batch_crash import lives
from groundwork.testing.contracts._batch_orders import CHECKS as CHECKS
from groundwork.testing.contracts._batch_orders import flat, loader, numbers
from groundwork.testing.contracts._data_scenes import expect_error, flights, numbers_of
from groundwork.testing.contracts._failures import expect

STATE_BYTES = 4096


def _stopped(made: Any, batches: int) -> tuple[list[list[int]], Any]:
    """Take so many batches, and the state, written down and read again."""
    taken: list[list[int]] = []
    iterator = iter(made)
    for _ in range(batches):
        batch = next(iterator)
        taken.append(batch if isinstance(batch, list) else numbers_of(batch))
    return taken, json.loads(json.dumps(made.state_dict()))


@CHECKS.check(
    Level.FAULT,
    rule="A state goes on where it was taken: no row is lost and none comes twice, in this epoch and the next.",
    why="After ten restarts some rows were learnt ten times and others never; the loss curve has ten steps in it.",
    hint="A state is the epoch and the number of batches delivered; count a batch before you yield it.",
    after=["seed_and_epoch_give_the_order", "a_finished_epoch_is_followed_by_the_next"],
)
def it_goes_on_where_it_stopped(subject: Any, lab: Lab) -> None:
    """Stopped after no batch, one, six, and all but one of thirteen, in epoch 2."""
    whole, following = (numbers(loader(subject, epoch=epoch)) for epoch in (2, 3))
    for stop in (0, 1, 6, 12):
        before, state = _stopped(loader(subject, epoch=2), stop)
        made = loader(subject)
        made.load_state_dict(state)
        expect(made.epoch, 2, f"epoch after the state of epoch 2, batch {stop}, was loaded")
        if before + (after := numbers(made)) != whole:
            lost, twice = len(set(flat(whole)) - set(flat(before + after))), len(set(flat(before)) & set(flat(after)))
            raise ContractBroken(f"stopped after {stop} of 13 batches, {lost} rows are lost and {twice} come twice")
        expect(numbers(made) == following, True, f"whether epoch 3 follows, stopped after {stop} batches of epoch 2")


@CHECKS.check(
    Level.EDGE,
    rule="set_epoch of the epoch in which a state stands keeps its place.",
    why="Every training loop calls set_epoch at the top: after a restart the epoch would begin anew.",
    hint="set_epoch of another epoch starts at its beginning; of this one it does nothing.",
    after=["it_goes_on_where_it_stopped"],
)
def the_epoch_of_the_state_keeps_its_place(subject: Any, lab: Lab) -> None:
    """A training loop as it is usually written, from epoch 2 on."""
    before, state = _stopped(loader(subject, epoch=2), 5)
    made = loader(subject)
    made.load_state_dict(state)
    found = []
    for epoch in (made.epoch, made.epoch + 1):
        made.set_epoch(epoch)
        found.append(len(numbers(made)))
    expect((len(before), found), (5, [8, 13]), "batches before the stop, then in epochs 2 and 3")


@CHECKS.check(
    Level.FAULT,
    rule="What was made ahead and not delivered is in the state as not delivered; any number of workers may go on.",
    why="Four workers with two batches each: at every restart eight batches that nobody saw count as seen.",
    hint="Count where you yield, in the caller's thread, not where the batch is made.",
    after=["it_goes_on_where_it_stopped", "threads_do_not_change_the_sequence"],
)
def made_ahead_is_not_delivered(subject: Any, lab: Lab) -> None:
    """Three of thirteen batches are taken; the state is read when more of them have been made."""
    whole = numbers(loader(subject))
    for workers, others in ((0, 2), (2, 0), (2, 4)):
        made_by: list[int] = []

        def transform(batch: Any, made_by: list[int] = made_by) -> list[int]:
            made_by.append(threading.get_ident())
            return numbers_of(batch)

        threads = set(threading.enumerate())
        made = loader(subject, transform=transform, workers=workers, prefetch=4)
        iterator = iter(made)
        before = [next(iterator) for _ in range(3)]
        # Whoever makes nothing ahead is correct too; while only this thread makes batches, there is none to wait for.
        alone = {*made_by} == {threading.get_ident()} and threads.issuperset(threading.enumerate())
        until = time.monotonic() + (0.0 if alone else 1.0)
        while len(made_by) < 6 and time.monotonic() < until:
            time.sleep(0.001)
        state = made.state_dict()
        again = loader(subject, workers=others)
        again.load_state_dict(state)
        after = numbers(again)
        if before + after != whole:
            lost = len(set(flat(whole)) - set(flat(before + after)))
            raise ContractBroken(
                f"{lost} rows are lost with workers={workers} before, workers={others} after; expected none"
            )


@CHECKS.check(
    Level.FAULT,
    rule="Going on does not work off again what was delivered.",
    why="A run that stopped at batch 90,000 would decode 90,000 batches of pictures to reach the next one.",
    hint="Begin with row number delivered * batch_size; do not iterate and throw away.",
    after=["it_goes_on_where_it_stopped"],
)
def what_was_delivered_is_not_made_again(subject: Any, lab: Lab) -> None:
    """The transform counts its calls after the 90th of 100 batches."""
    _, state = _stopped(loader(subject, 400, batch_size=4), 90)
    calls: list[int] = []
    made = loader(subject, 400, batch_size=4, transform=lambda batch: calls.append(batch.height))
    made.load_state_dict(state)
    expect((len(list(made)), len(calls)), (10, 10), "batches delivered and made after 90 of 100")


@CHECKS.check(
    Level.EDGE,
    rule="A state is plain JSON of at most 4 KiB, however many rows there are.",
    why="It goes into every checkpoint and every log line; the order of 300 million rows is 2.4 GB.",
    hint="The order can be made again from seed and epoch: they are all it takes.",
    after=["it_goes_on_where_it_stopped"],
)
def a_state_is_small(subject: Any, lab: Lab) -> None:
    """20,000 rows, before and in the middle of an epoch."""
    made = loader(subject, 20_000, batch_size=100)
    for batches in (0, 150):
        state = _stopped(made, batches)[1] if batches else made.state_dict()
        text = json.dumps(state, allow_nan=False)
        if len(text.encode()) > STATE_BYTES:
            raise ContractBroken(f"a state of {len(text.encode()):,} bytes for 20,000 rows; expected at most 4,096")
        expect(json.loads(text), state, "the state after JSON")


@CHECKS.check(
    Level.FAULT,
    rule="A state of other rows, another batch size or seed is refused, by the name of what differs.",
    why="Somebody mends one row and resumes: batch 41 of the old order is not batch 41 of the new one.",
    hint="Put what the order depends on into the state, a hashlib digest of the rows too; compare each.",
    after=["it_goes_on_where_it_stopped"],
)
def a_state_of_another_loader_is_refused(subject: Any, lab: Lab) -> None:
    """More rows, another batch size or seed, not shuffled, other values; afterwards the loader is as it was."""
    _, state = _stopped(loader(subject, epoch=1), 5)
    mended = subject.BatchLoader(flights(100, first=1), 8, shuffle=True, seed=5)
    for what, naming, made in (
        ("more rows", "rows", loader(subject, 101)),
        ("batches of 9", "batch_size", loader(subject, batch_size=9)),
        ("seed 6", "seed", loader(subject, seed=6)),
        ("no shuffle", "", loader(subject, shuffle=False)),
        ("other values", "", mended),
    ):
        expect_error(partial(made.load_state_dict, state), f"a state loaded with {what}", naming=naming)
        expect((made.epoch, len(list(made))), (0, len(made)), f"epoch and batches after a refusal with {what}")


@CHECKS.check(
    Level.CRASH,
    rule="A training that is killed again and again learns each row once.",
    why="Spot machines are taken away within two minutes' notice, some without; the data must not notice.",
    hint="Everything that the order depends on must be in the state or in the arguments, nothing in the process.",
    after=["it_goes_on_where_it_stopped", "made_ahead_is_not_delivered", "an_order_depends_on_nothing_else"],
)
def killed_again_and_again_it_learns_each_row_once(subject: Any, lab: Lab) -> None:
    """Two processes, killed in the middle of the epoch, with different numbers of workers; then the rest here."""
    whole, deaths = numbers(loader(subject)), (lab.random.randint(1, 6), lab.random.randint(1, 6))
    before, state = lives(subject, lab, deaths)
    made = loader(subject)
    made.load_state_dict(state)
    expect(before + numbers(made) == whole, True, f"whether all is as uninterrupted, killed after {deaths} batches")
