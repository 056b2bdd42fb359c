"""A table with defects, and the truth about where they are.

Rule: each row has one defect at most, and what is not listed is sound; the same seed gives the same table. What looks
for defects can so be held against the truth, both ways.
"""

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from groundwork.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from groundwork.data import Schema

KINDS = ("bus", "car", "train")
_WORDS = 24
_TOP = 100.0


@dataclass(frozen=True, slots=True)
class Planted:
    """A table with planted defects; rows count from 0.

    Attributes:
        frame: Columns ``id``, ``kind``, ``size``, ``text``, the leaks, and ``target`` (0 or 1).
        schema: What the table should be.
        duplicates: Pairs of a row and a later one that equals it.
        near_duplicates: Pairs of a row and another whose text differs in one word of 24.
        leaks: Columns that tell the target.
        missing: By column, rows without a value where there must be one.
        out_of_range: By column, rows whose value the schema forbids.
    """

    frame: "pl.DataFrame"
    schema: "Schema"
    duplicates: list[tuple[int, int]]
    near_duplicates: list[tuple[int, int]]
    leaks: list[str]
    missing: dict[str, list[int]] = field(default_factory=dict)
    out_of_range: dict[str, list[int]] = field(default_factory=dict)


def plant(
    rows: int = 200,
    *,
    duplicates: int = 5,
    near_duplicates: int = 5,
    leaks: int = 1,
    missing: int = 5,
    out_of_range: int = 5,
    seed: int = 0,
) -> Planted:
    """Make such a table.

    Args:
        rows: How many sound ones to begin with.
        duplicates: How many rows to repeat; the copies come on top.
        near_duplicates: How many rows to repeat with another id and one word changed; these come on top, too.
        leaks: How many columns tell the target.
        missing: In how many rows to take the kind away.
        out_of_range: In how many rows to put the size out of its bounds, half of them below.
        seed: Decides.

    Returns:
        The table, and what is wrong with it.

    Raises:
        UsageError: A number is negative, or there are more defects than rows.
    """
    counts = (duplicates, near_duplicates, missing, out_of_range)
    if min(*counts, leaks) < 0 or sum(counts) > rows:
        raise UsageError(
            f"{counts} defects and {leaks} leaks do not fit {rows} rows", hint="each takes a row of its own"
        )
    rng = random.Random(seed)
    made = [_row(number, leaks, rng) for number in range(rows)]
    spots = rng.sample(range(rows), sum(counts))
    copied, resembled, emptied, moved = (spots[sum(counts[:n]) : sum(counts[: n + 1])] for n in range(len(counts)))
    for spot in emptied:
        made[spot]["kind"] = None
    for nth, spot in enumerate(moved):
        made[spot]["size"] = -rng.uniform(1, _TOP) if nth % 2 else _TOP + rng.uniform(1, _TOP)
    made += [dict(made[spot]) for spot in copied]
    made += [_resembling(made[spot], len(made) + nth, rng) for nth, spot in enumerate(resembled)]
    order = rng.sample(range(len(made)), len(made))
    at = {old: new for new, old in enumerate(order)}
    return _planted(
        [made[old] for old in order],
        duplicates=[_pair(at[spot], at[rows + nth]) for nth, spot in enumerate(copied)],
        near_duplicates=[_pair(at[spot], at[rows + duplicates + nth]) for nth, spot in enumerate(resembled)],
        leaks=[f"leak_{number}" for number in range(leaks)],
        missing={"kind": sorted(at[spot] for spot in emptied)},
        out_of_range={"size": sorted(at[spot] for spot in moved)},
    )


def _planted(made: list[dict[str, Any]], *, leaks: list[str], **truth: Any) -> Planted:
    import polars as pl

    from groundwork.data import Column, Schema

    types = {"id": "Int64", "kind": "String", "size": "Float64", "text": "String"}
    types |= {**dict.fromkeys(leaks, "Float64"), "target": "Int64"}
    bounds: dict[str, dict[str, Any]] = {
        "kind": {"allowed": KINDS},
        "size": {"min": 0, "max": _TOP},
        "target": {"allowed": (0, 1)},
    }
    columns = {name: Column(dtype=dtype, nullable=False, **bounds.get(name, {})) for name, dtype in types.items()}
    schema = Schema(columns=columns)
    truth["duplicates"].sort()
    truth["near_duplicates"].sort()
    return Planted(pl.DataFrame(made, schema=pl.Schema(schema.dtypes)), schema, leaks=leaks, **truth)


def _row(number: int, leaks: int, rng: random.Random) -> dict[str, Any]:
    target = rng.randrange(2)
    text = " ".join(_word(rng) for _ in range(_WORDS))
    told = {f"leak_{leak}": target + rng.uniform(-0.1, 0.1) for leak in range(leaks)}
    return {
        "id": number,
        "kind": rng.choice(KINDS),
        "size": rng.uniform(0, _TOP),
        "text": text,
        **told,
        "target": target,
    }


def _resembling(row: dict[str, Any], number: int, rng: random.Random) -> dict[str, Any]:
    words = row["text"].split()
    words[rng.randrange(1, _WORDS)] = _word(rng)
    return {**row, "id": number, "size": rng.uniform(0, _TOP), "text": " ".join(words)}


def _word(rng: random.Random) -> str:
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=6))


def _pair(one: int, two: int) -> tuple[int, int]:
    return min(one, two), max(one, two)
