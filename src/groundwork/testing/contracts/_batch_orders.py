"""The contract of ``BatchLoader``: every row once in each epoch, in an order that seed and epoch give.

The subject offers ``BatchLoader(frame, batch_size, *, shuffle=False, seed=0, drop_last=False, transform=None,
workers=0, prefetch=2)`` with iteration, ``len``, ``epoch``, ``set_epoch``, ``state_dict`` and ``load_state_dict``.
"""

import itertools
import threading
import time
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import chance_of_others, elsewhere, flights, numbers_of
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("data/batches")


def numbers(batches: Any) -> list[list[int]]:
    """List the flights of each batch."""
    return [numbers_of(batch) for batch in batches]


def flat(batches: list[list[int]]) -> list[int]:
    """Put the flights of batches into one list."""
    return list(itertools.chain.from_iterable(batches))


def loader(subject: Any, rows: int = 100, *, batch_size: int = 8, epoch: int = 0, **options: Any) -> Any:
    """Make a shuffling loader of flights."""
    made = subject.BatchLoader(flights(rows), batch_size, **{"shuffle": True, "seed": 5, **options})
    made.set_epoch(epoch)
    return made


def _orders(subject: Any, folder: Path, nth: int) -> list[list[list[int]]]:
    return [numbers(loader(subject, epoch=epoch, seed=seed)) for seed, epoch in ((0, 0), (0, 1), (7, 3))]


@CHECKS.check(
    Level.BASIC,
    rule="Without shuffle the batches have all rows in their order; the last one may be shorter.",
    why="range(0, rows - batch_size, batch_size) loses the last batch: the newest rows are never learnt.",
    hint="range(0, rows, batch_size); a slice may end beyond the last row.",
)
def every_row_is_in_a_batch(subject: Any, lab: Lab) -> None:
    """Rows that divide and rows that do not; fewer than a batch; none."""
    for rows, sizes in ((0, []), (3, [3]), (8, [4, 4]), (9, [4, 4, 1]), (10, [4, 4, 2])):
        made = subject.BatchLoader(flights(rows), 4)
        found = numbers(made)
        expect([len(batch) for batch in found], sizes, f"rows in the batches of {rows} rows by 4")
        expect(flat(found), list(range(rows)), f"flights in the batches of {rows} rows by 4")
        expect(len(made), len(sizes), f"len() of a loader of {rows} rows by 4")


@CHECKS.check(
    Level.EDGE,
    rule="drop_last leaves out a batch that is short, and no other.",
    why="A batch of one row breaks batch normalisation; but 64 rows by 32 are two whole batches, not one.",
    hint="rows // batch_size batches are whole.",
    after=["every_row_is_in_a_batch"],
)
def drop_last_drops_what_is_short(subject: Any, lab: Lab) -> None:
    """Rows that divide and rows that do not."""
    for rows, sizes in ((3, []), (8, [4, 4]), (10, [4, 4])):
        made = subject.BatchLoader(flights(rows), 4, drop_last=True)
        expect([len(batch) for batch in numbers(made)], sizes, f"rows in the batches of {rows} rows by 4, drop_last")
        expect(len(made), len(sizes), f"len() of a loader of {rows} rows by 4, drop_last")


@CHECKS.check(
    Level.BASIC,
    rule="Shuffled, an epoch still has every row once; the rows are mixed across the whole table.",
    why="A file is sorted by time: batches of one day each make the model swing from day to day.",
    hint="Shuffle the row numbers of the whole table, then cut them into batches.",
    after=["every_row_is_in_a_batch"],
)
def an_epoch_has_every_row_once(subject: Any, lab: Lab) -> None:
    """200 rows by 16, two epochs."""
    made = loader(subject, 200, batch_size=16)
    for epoch in range(2):
        made.set_epoch(epoch)
        found = numbers(made)
        order = flat(found)
        expect(sorted(order) == list(range(200)), True, f"whether epoch {epoch} has each of 200 rows once")
        expect([len(batch) for batch in found], [16] * 12 + [8], f"rows in the batches of epoch {epoch}")
        kept = sum(after == before + 1 for before, after in itertools.pairwise(order))
        near = sum(place // 16 == row // 16 for place, row in enumerate(order))
        if kept > 30:
            raise ContractBroken(f"{kept} of 200 rows are followed by the row that followed them before; expected few")
        if near > 60:
            raise ContractBroken(f"{near} of 200 rows are in the batch in which they were unshuffled; expected few")


@CHECKS.check(
    Level.EDGE,
    rule="Each epoch and each seed has an order of its own, and no two pairs of them share one.",
    why="With seed + epoch the second run is the first one, an epoch later: the mean of both is the mean of one.",
    hint="Make the generator of both: random.Random(f'{seed} {epoch}'), numpy.random.default_rng([seed, epoch]).",
    after=["an_epoch_has_every_row_once"],
)
def seed_and_epoch_give_the_order(subject: Any, lab: Lab) -> None:
    """Nine pairs; the same pair by another way; seeds that are one and the same as floats."""
    pairs = list(itertools.product((0, 1, 2), (0, 1, 2)))
    orders = {pair: tuple(flat(numbers(loader(subject, seed=pair[0], epoch=pair[1])))) for pair in pairs}
    for one, other in itertools.combinations(pairs, 2):
        if orders[one] == orders[other]:
            raise ContractBroken(
                f"seed {one[0]}, epoch {one[1]} and seed {other[0]}, epoch {other[1]} have one order; expected two"
            )
    made = loader(subject, seed=1)
    for epoch in (0, 2, 1):
        made.set_epoch(epoch)
        expect(made.epoch, epoch, "epoch after set_epoch")
        expect(tuple(flat(numbers(made))) == orders[1, epoch], True, f"whether epoch {epoch} is as in another loader")
    large = [tuple(flat(numbers(loader(subject, seed=2**53 + nth)))) for nth in range(2)]
    if large[0] == large[1]:
        raise ContractBroken("seeds 2**53 and 2**53 + 1 give one order; expected two (as floats they are one number)")


@CHECKS.check(
    Level.EDGE,
    rule="A finished epoch is followed by the next one; one that was broken off begins anew.",
    why="Whoever forgets set_epoch trains fifty times on one and the same order, and nothing says so.",
    hint="self.epoch += 1 after the last batch, not in __iter__: an epoch that was broken off is not finished.",
    after=["seed_and_epoch_give_the_order"],
)
def a_finished_epoch_is_followed_by_the_next(subject: Any, lab: Lab) -> None:
    """Three epochs without set_epoch; one that is broken off."""
    made = loader(subject)
    expected = [numbers(loader(subject, epoch=epoch)) for epoch in range(3)]
    expect([numbers(made) == each for each in expected], [True] * 3, "whether three epochs in turn are 0, 1 and 2")
    for _ in made:
        break
    expect(made.epoch, 3, "epoch after epoch 3 was broken off behind its first batch")
    expect(len(numbers(made)), 13, "batches of epoch 3 when it is begun anew, with no state loaded")


@CHECKS.check(
    Level.EDGE,
    rule="Threads, prefetching, and a transform that is slow now and then do not change the sequence.",
    why="Batches in the order in which they were ready: no run can be repeated, and no error found twice.",
    hint="Keep the futures in a queue in their order, and wait for the first one, not for whichever is done.",
    after=["an_epoch_has_every_row_once"],
)
def threads_do_not_change_the_sequence(subject: Any, lab: Lab) -> None:
    """No thread, two and four; the first and the fifth batch take until a later one is made, if it ever is."""
    for workers, prefetch in ((0, 0), (0, 3), (2, 2), (4, 8)):
        later = threading.Event()

        def transform(batch: Any, later: threading.Event = later, workers: int = workers) -> list[int]:
            found = numbers_of(batch)
            if found[0] not in (0, 32):
                later.set()
            elif workers:
                later.wait(0.1)
                later.clear()
                time.sleep(0.01)
            return found

        made = subject.BatchLoader(flights(100), 8, transform=transform, workers=workers, prefetch=prefetch)
        what = f"flights with workers={workers}, prefetch={prefetch}"
        expect(flat(list(made)), list(range(100)), what)


@CHECKS.check(
    Level.FAULT,
    rule="The order depends on seed and epoch alone: not on the process, nor on global chance, which stays as it was.",
    why="Eight trainers that each see another order see some rows twice and others never; and after a restart all do.",
    hint="A generator of your own; never hash('text'), never random.shuffle.",
    after=["seed_and_epoch_give_the_order"],
)
def an_order_depends_on_nothing_else(subject: Any, lab: Lab) -> None:
    """Twice here, with other global seeds; once in another process."""
    found = []
    for seed in (1, 2):
        with chance_of_others("BatchLoader", seed):
            found.append(_orders(subject, lab.folder, 0))
    expect(found[0] == found[1], True, "whether the orders are the same, whatever the global generators say")
    expect(elsewhere(subject, lab, _orders) == found[0], True, "whether another process gives the same orders")
