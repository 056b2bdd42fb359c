"""What two parts of a table have in common: keys, groups, rows, rows almost equal.

Rule: a part is held against all that was learned or chosen from before it; the evidence counts its rows, and says which
earlier part each is known from. Cost: joins on the values compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from groundwork.data._leakage_finding import FEW, LeakageFinding, severity_of
from groundwork.data._near import NearNumbers, NearText, near_groups, near_pairs
from groundwork.errors import InvalidDataError, first_line

_AGREE = 0.95
_EXAMPLES = 5
_EXAMPLE_ROWS = 200


@dataclass(frozen=True)
class Side:
    """A part, and what it must not share.

    Attributes:
        name: The part's name.
        rows: Its rows.
        known: All rows that came before it.
        sources: The same by the names of their parts.
    """

    name: str
    rows: pl.DataFrame
    known: pl.DataFrame
    sources: Mapping[str, pl.DataFrame]

    @property
    def earlier(self) -> str:
        """The parts before it, in words."""
        return " or ".join(name for name, frame in self.sources.items() if frame.height)

    def evidence(self, affected: int) -> dict[str, Any]:
        """Count rows of this part.

        Args:
            affected: How many are concerned.

        Returns:
            The numbers for the finding.
        """
        share = round(affected / self.rows.height, 6)
        return {"part": self.name, f"rows_{self.name}": affected, f"share_{self.name}": share}


def shared_values(side: Side, kind: Literal["key", "group"], name: str, key: pl.Expr) -> Iterator[LeakageFinding]:
    """Look for values that stand on both sides.

    Args:
        side: The part and what came before.
        kind: Whether the values are keys or groups.
        name: What messages call it.
        key: Gives a row's value; missing values are nobody's.

    Yields:
        A finding if there are any.
    """
    left, right = _values(side.known, key, name), _values(side.rows, key, name)
    held, values = left.unique(), right.unique()
    shared = values.join(held, on="key", how="semi")
    if not shared.height:
        return
    touched = right.join(shared, on="key", how="semi")
    share = touched.height / side.rows.height
    cure = "split by group, or by time with such a unit" if kind == "group" else "split with key, or by group"
    message = (
        f"{shared.height:,} of the {side.name} part's {values.height:,} values of {name} also stand in {side.earlier}; "
        f"{touched.height:,} {side.name} rows ({share:.1%}) share theirs, so the {side.name} score flatters; {cure}"
    )
    evidence = {
        kind: name,
        "shared": shared.height,
        "values_train": held.height,
        f"values_{side.name}": values.height,
        **side.evidence(touched.height),
        "rows_known_from": {
            source: touched.join(_values(frame, key, name).unique(), on="key", how="semi").height
            for source, frame in side.sources.items()
        },
        "examples": _examples(shared["key"]),
    }
    yield LeakageFinding(kind, severity_of(share), sorted(set(key.meta.root_names())), message, evidence)


def _values(frame: pl.DataFrame, key: pl.Expr, name: str) -> pl.DataFrame:
    try:
        return frame.select(key.alias("key")).drop_nulls()
    except pl.exceptions.PolarsError as error:
        raise InvalidDataError(
            f"group {name!r} cannot be computed: {first_line(error)}",
            hint=f"the table has {', '.join(frame.columns[:20])}",
        ) from None


def _examples(values: pl.Series) -> list[str]:
    few = values.head(1000)
    if isinstance(values.dtype, pl.Struct):
        return sorted(", ".join(map(str, value.values())) for value in few)[:_EXAMPLES]
    return sorted(few.cast(pl.String).to_list())[:_EXAMPLES]


def copied_rows(side: Side) -> Iterator[LeakageFinding]:
    """Look for rows that stand on both sides as they are.

    Args:
        side: The part and what came before.

    Yields:
        A finding if there are any.
    """
    found = _copies(side.rows, side.known)
    copies = found.height
    if not copies:
        return
    share = copies / side.rows.height
    message = (
        f"{copies:,} {side.name} rows ({share:.1%}) are exact copies of {side.earlier} rows in all {found.width} "
        "columns; deduplicate before the split"
    )
    same = {source: _copies(found, frame).height for source, frame in side.sources.items()}
    evidence = {**side.evidence(copies), "rows_known_from": same, "compared": "all columns"}
    yield LeakageFinding("duplicate", severity_of(share), list(side.known.columns), message, evidence)


def _copies(rows: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
    return rows.join(of.unique(), on=of.columns, how="semi", nulls_equal=True)


def copied_samples(side: Side, features: list[str], target: str) -> Iterator[LeakageFinding]:
    """Look for rows equal in what the model sees, under another name or time.

    Coarse features make rows equal by chance, but then their targets differ as chance has it; copies agree.

    Args:
        side: The part and what came before.
        features: What the model sees.
        target: The target's column.

    Yields:
        A finding if there are enough.
    """
    known, rows = side.known, side.rows
    if not features or set(known.columns) == {*features, target}:
        return
    seen = known.group_by([*features, target]).len("same")
    totals = seen.group_by(features).agg(pl.col("same").sum().alias("alike"))
    matched = rows.select([*features, target]).join(totals, on=features, how="inner", nulls_equal=True)
    share = matched.height / rows.height
    if share < FEW:
        return
    agreed = matched.join(seen, on=[*features, target], how="left", nulls_equal=True)
    agreement = float((agreed["same"].fill_null(0) / agreed["alike"]).mean())  # type: ignore[arg-type]
    rates = known[target].value_counts(normalize=True)["proportion"]
    chance = float((rates * rates).sum())
    if agreement < _AGREE or agreement - chance < (1 - chance) / 2:
        return
    message = (
        f"{matched.height:,} {side.name} rows ({share:.1%}) equal {side.earlier} rows in every feature, and their "
        f"targets agree in {agreement:.1%} (chance: {chance:.1%}); look for copies under another name or time"
    )
    evidence = {
        **side.evidence(matched.height),
        "agreement": round(agreement, 6),
        "chance": round(chance, 6),
        "compared": "features",
    }
    yield LeakageFinding("duplicate", "warning", [*features, target], message, evidence)


def near_duplicates(
    train: pl.DataFrame, validation: pl.DataFrame, test: pl.DataFrame, near: NearText | NearNumbers
) -> Iterator[LeakageFinding]:
    """Look for groups of almost equal rows that reach over parts.

    Args:
        train: The first part.
        validation: The second; it may be without rows.
        test: The third.
        near: What makes two rows near.

    Yields:
        A finding for test and one for validation, if there are any.
    """
    named = [[names] if isinstance(names, str) else list(names) for names in (near.columns, near.equal)]
    columns = [name for name in dict.fromkeys(named[0] + named[1]) if name in train.columns]
    frame = pl.concat([train, validation, test]).select(columns)
    groups = near_groups(frame, near)
    starts = (0, train.height, train.height + validation.height, frame.height)
    for name, begin, end in (("test", starts[2], starts[3]), ("validation", starts[1], starts[2])):
        found = np.flatnonzero(np.isin(groups[begin:end], groups[:begin])) + begin
        if not len(found):
            continue
        share = len(found) / (end - begin)
        earlier = "train or validation" if name == "test" and validation.height else "train"
        message = (
            f"{len(found):,} {name} rows ({share:.1%}) are near duplicates of {earlier} rows in "
            f"{', '.join(named[0])}; remove near duplicates before the split, or split by a group that holds them"
        )
        evidence = {
            "part": name,
            f"rows_{name}": len(found),
            f"share_{name}": round(share, 6),
            "groups": len(np.unique(groups[found])),
            "examples": _near_examples(frame, near, groups, found, begin),
        }
        yield LeakageFinding("near-duplicate", severity_of(share), columns, message, evidence)


def _near_examples(
    frame: pl.DataFrame, near: NearText | NearNumbers, groups: Any, found: Any, begin: int
) -> list[dict[str, Any]]:
    """Show the closest pair over the border, of a few groups."""
    examples = []
    for group in np.unique(groups[found])[:_EXAMPLES]:
        members = np.flatnonzero(groups == group)
        before, after = members[members < begin][:_EXAMPLE_ROWS], np.intersect1d(members, found)[:_EXAMPLE_ROWS]
        some = np.concatenate([before, after])
        pairs = near_pairs(frame[some], near).filter(pl.col("left") < len(before), pl.col("right") >= len(before))
        for left, right, similarity in pairs.sort("similarity", "left", "right", descending=[True, False, False])[
            :1
        ].rows():
            one, other = frame.row(int(some[left])), frame.row(int(some[right]))
            examples.append({"known": _text(one), "found": _text(other), "similarity": round(similarity, 4)})
    return examples


def _text(row: tuple[Any, ...]) -> str:
    text = " | ".join(map(str, row))
    return text if len(text) <= 200 else text[:199] + "…"
