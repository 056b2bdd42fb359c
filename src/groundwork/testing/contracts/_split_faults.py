"""The contract of ``split`` as data grow, in other processes, and beside code that has chance of its own."""

from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import chance_of_others, elsewhere, flights, numbers_of, unchanged
from groundwork.testing.contracts._failures import expect
from groundwork.testing.contracts._splitting import CHECKS as CHECKS
from groundwork.testing.contracts._splitting import PARTS

_ALL: tuple[dict[str, Any], ...] = (
    {"kind": "random"},
    {"kind": "random", "key": "flight"},
    {"kind": "random", "key": "day"},
    {"kind": "stratified", "column": "airline"},
    {"kind": "group", "column": "day"},
    {"kind": "time", "column": "delay"},
)


def _parts(subject: Any, frame: Any, options: dict[str, Any]) -> dict[Any, str]:
    """Tell in which part each flight is."""
    splits = subject.split(frame, test=0.2, validation=0.1, seed=7, **options)
    return {number: part for part in PARTS for number in numbers_of(getattr(splits, part))}


def _everything(subject: Any, folder: Path, nth: int) -> list[list[Any]]:
    """Split in each way; what JSON can hold."""
    return [sorted(_parts(subject, flights(), options).items()) for options in _ALL]


def _as_json(pairs: Any) -> list[list[list[Any]]]:
    return [[list(pair) for pair in one] for one in pairs]


@CHECKS.check(
    Level.EDGE,
    rule="With a key, or by group, a new row moves no other: not when it is added, nor when the order changes.",
    why="Next month's rows come, and a fifth of the old training rows are in the test: every score is a leak.",
    hint="A hash of seed and key, as a number from 0 to 1, tells the part; no other row has a say.",
    after=["a_seed_gives_the_same_parts", "a_group_lies_in_one_part"],
)
def a_new_row_moves_no_other(subject: Any, lab: Lab) -> None:
    """600 flights, then 450 more before and after them, in another order; and fewer flights on fewer days."""
    import polars as pl

    for options in ({"kind": "random", "key": "flight"}, {"kind": "group", "column": "day"}):
        before = _parts(subject, flights(600, first=1000), options)
        more = pl.concat([flights(900, first=950).reverse(), flights(150, first=5000)])
        for what, frame in (("450 flights came", more), ("480 of them went", flights(120, first=1000))):
            after = _parts(subject, frame, options)
            if moved := [number for number in before if number in after and before[number] != after[number]]:
                raise ContractBroken(f"{len(moved)} of 600 flights moved when {what}, with {options}; expected none")
    parts = list(_parts(subject, flights(2000), {"kind": "random", "key": "flight"}).values())
    for part, share in (("test", 0.2), ("validation", 0.1)):
        if abs(parts.count(part) - 2000 * share) > 80:
            raise ContractBroken(
                f"{part} has {parts.count(part)} of 2,000 rows by key; expected about {2000 * share:g}"
            )


@CHECKS.check(
    Level.FAULT,
    rule="Every process gives the same parts.",
    why="hash('day 7') differs in each process: the model is tested in the second on what it learnt in the first.",
    hint="hashlib gives the same bytes for ever. And a set of texts has another order in each process: sort it.",
    after=["a_seed_gives_the_same_parts", "a_group_lies_in_one_part"],
)
def every_process_gives_the_same_parts(subject: Any, lab: Lab) -> None:
    """Each kind, here and in a process in which texts have other hashes."""
    here, there = _as_json(_everything(subject, lab.folder, 0)), elsewhere(subject, lab, _everything)
    for options, one, other in zip(_ALL, here, there, strict=True):
        if moved := sum(mine != theirs for mine, theirs in zip(one, other, strict=True)):
            raise ContractBroken(f"{moved} of 600 flights lie in another part in another process, with {options}")


@CHECKS.check(
    Level.FAULT,
    rule="It neither moves nor asks the global generators.",
    why="numpy.random.seed(0) in a library makes the user's own draws the same in each run, and their tests lie.",
    hint="random.Random(seed) and numpy.random.default_rng(seed) belong to you; random.shuffle belongs to all.",
    after=["a_seed_gives_the_same_parts"],
)
def the_chance_of_others_is_left_alone(subject: Any, lab: Lab) -> None:
    """Each kind, while the global generators are seeded with 1 and with 2."""
    found = []
    for seed in (1, 2):
        with chance_of_others("split", seed):
            found.append(_everything(subject, lab.folder, 0))
    expect(found[0] == found[1], True, "whether the parts are the same, whatever the global generators say")


@CHECKS.check(
    Level.FAULT,
    rule="The table given is as it was, rows, order and columns.",
    why="A table that comes back sorted, or with a column 'part', is another table for whoever uses it next.",
    hint="Work with row numbers; frame[numbers] makes a new table.",
    after=["the_test_is_the_future", "a_group_lies_in_one_part", "classes_keep_their_shares"],
)
def split_leaves_the_table_alone(subject: Any, lab: Lab) -> None:
    """By each kind."""
    frame = flights()
    for options in _ALL:
        with unchanged(frame, f"split with {options}"):
            subject.split(frame, test=0.2, validation=0.1, seed=7, **options)
