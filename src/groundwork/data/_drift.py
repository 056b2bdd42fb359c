"""What has changed between two tables, column by column.

Rule: the verdict comes from the population stability index, whose meaning does not depend on the number of rows, and
only where chance does not explain it; the Kolmogorov-Smirnov test stands beside it. Times are compared by what is
missing only, as new data is later by its nature. Cost: one profile of each table; two profiles take milliseconds.

Source of the thresholds 0.1 and 0.25: Siddiqi, Credit Risk Scorecards, Wiley, 2006.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._dataset import Dataset
from groundwork.data._distribution import Distribution
from groundwork.data._drift_measures import chance_of_index, kolmogorov_smirnov, stability_index
from groundwork.data._profile import Profile, summarise
from groundwork.data._sources import Progress

MODERATE = 0.1
SEVERE = 0.25
_CHANCE = 0.001
_BINS = 10
_CATEGORIES = 50
_RAREST = 0.005
_FEWEST = 10
_NAMED = 10

Severity = Literal["none", "moderate", "severe"]
_RANKS = {"severe": 0, "moderate": 1, "none": 2}
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ColumnDrift:
    """One column of two tables.

    Attributes:
        column: Its name.
        severity: ``none``, ``moderate`` (index from 0.1) or ``severe`` (from 0.25; a column that came, went, or is of
            another kind).
        change: ``new``, ``vanished``, ``dtype``, or None.
        dtypes: Its type in the reference and now.
        rows: Rows of the reference and now.
        missing: Share of rows without a value in the reference and now.
        infinite: Share of rows whose value is an infinite number.
        psi: The population stability index; missing values are a bin of their own, and so are -inf and inf.
        psi_p: How likely chance alone gives such an index; only below 0.001 it counts.
        bins: What the index is made of: label, share in the reference, share now.
        ks: Of numbers, the Kolmogorov-Smirnov statistic.
        ks_p: Its p-value.
        exact: Whether every value was known; else ks and psi come from stored or estimated quantiles, or from the
            most frequent categories.
        new_categories: Values that the reference does not have, the most frequent first; ten at most.
        vanished_categories: Values that only the reference has; ten at most.
        new_count: How many new categories there are; None where the reference is not known in full.
        vanished_count: How many have vanished; None where the current categories are not known in full.
    """

    column: str
    severity: Severity
    change: Literal["new", "vanished", "dtype"] | None = None
    dtypes: tuple[str | None, str | None] = (None, None)
    rows: tuple[int, int] = (0, 0)
    missing: tuple[float, float] = (0.0, 0.0)
    infinite: tuple[float, float] = (0.0, 0.0)
    psi: float | None = None
    psi_p: float | None = None
    bins: list[tuple[str, float, float]] = field(default_factory=list)
    ks: float | None = None
    ks_p: float | None = None
    exact: bool = True
    new_categories: list[Any] = field(default_factory=list)
    vanished_categories: list[Any] = field(default_factory=list)
    new_count: int | None = None
    vanished_count: int | None = None

    @property
    def message(self) -> str:
        """One sentence with the numbers."""
        if self.change in ("new", "vanished"):
            return f"{self.column} is {'new' if self.change == 'new' else 'no longer there'}"
        parts = [f"{self.dtypes[0]} became {self.dtypes[1]}"] if self.change == "dtype" else []
        parts += [f"PSI {self.psi:.3f}"] if self.psi is not None else []
        parts += [f"KS {self.ks:.3f} (p {self.ks_p:.2g})"] if self.ks is not None else []
        return f"{self.column}: {'; '.join([*parts, *self.details]) or 'nothing to compare'}"

    @property
    def details(self) -> list[str]:
        """What stands beside the figures: shares that moved by half a percent or more, categories that came or went."""
        pairs = {"missing": self.missing, "infinite": self.infinite}
        told = [f"{what} {one:.1%} -> {two:.1%}" for what, (one, two) in pairs.items() if abs(two - one) >= 0.005]
        for word, count, names in (
            ("new", self.new_count, self.new_categories),
            ("vanished", self.vanished_count, self.vanished_categories),
        ):
            if count:
                told.append(f"{count:,} {word}: {', '.join(map(str, names[:3]))}{', …' if count > 3 else ''}")
        return told

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        plain = asdict(self)
        for name in ("dtypes", "rows", "missing", "infinite"):
            plain[name] = list(plain[name])
        plain["bins"] = [list(each) for each in self.bins]
        return {**plain, "message": self.message}


@dataclass(frozen=True)
class _Side:
    dtype: str
    rows: int
    missing: int
    spread: Distribution

    @property
    def share_missing(self) -> float:
        return self.missing / self.rows if self.rows else 0.0

    @property
    def share_infinite(self) -> float:
        return self.spread.infinite / self.rows if self.rows else 0.0

    @property
    def empty(self) -> bool:
        return self.missing >= self.rows


def drift(
    reference: "Profile | Dataset | pl.DataFrame | pl.LazyFrame | Any",
    current: "Profile | Dataset | pl.DataFrame | pl.LazyFrame | Any",
    *,
    progress: Progress | None = None,
) -> list[ColumnDrift]:
    """Compare two tables, or their profiles.

    Numbers are put into ten bins by the reference's deciles, one below its minimum, one above its maximum and one for
    each infinity. Of categories those with 0.5 % of the reference's rows (and 10) are bins of their own, up to 50; the
    others are one, and so are the new ones, of which as many are expected as the reference has rows of values that
    occur once.

    Args:
        reference: What is expected, as the table that a model was trained on: a table as ``profile`` takes it, or a
            profile.
        current: What has come since.
        progress: As for ``Dataset.batches``, for each table.

    Returns:
        One entry a column of either, the worst first.

    Raises:
        InvalidDataError: A row breaks a dataset's schema, or a file is damaged.
        StorageError: A file cannot be read.
        UsageError: One of them is no table.
    """
    (rows, before), (rows_now, now) = _sides(reference, progress), _sides(current, progress)
    found = [
        replace(_compared(name, before.get(name), now.get(name)), rows=(rows, rows_now))
        for name in dict.fromkeys([*before, *now])
    ]
    return sorted(found, key=lambda one: (_RANKS[one.severity], -(one.psi or 0.0)))


def _sides(table: Any, progress: Progress | None) -> tuple[int, dict[str, _Side]]:
    if isinstance(table, Profile):
        nothing = Distribution("none", [], [])
        return table.rows, {
            column.name: _Side(column.dtype, table.rows, column.missing, column.distribution or nothing)
            for column in table.columns
        }
    rows, summaries = summarise(table, progress=progress)
    return rows, {each.name: _Side(str(each.dtype), rows, each.missing, each.distribution()) for each in summaries}


def _compared(name: str, before: _Side | None, now: _Side | None) -> ColumnDrift:
    if before is None or now is None:
        change: Literal["new", "vanished"] = "new" if before is None else "vanished"
        return ColumnDrift(name, "severe", change, (before.dtype if before else None, now.dtype if now else None))
    # A column without a single value has no type worth a word.
    retyped = before.dtype != now.dtype and not before.empty and not now.empty
    facts: dict[str, Any] = {
        "change": "dtype" if retyped else None,
        "dtypes": (before.dtype, now.dtype),
        "missing": (before.share_missing, now.share_missing),
        "infinite": (before.share_infinite, now.share_infinite),
    }
    if retyped and before.spread.kind != now.spread.kind:
        return ColumnDrift(name, "severe", **facts)
    if not before.rows or not now.rows:
        return ColumnDrift(name, "none", **facts)
    bins = [*_bins(before, now), ("missing", before.share_missing, now.share_missing)]
    facts |= _index(bins, before, now)
    severity = _severity(facts["psi"], facts["psi_p"])
    if retyped and severity == "none":
        severity = "moderate"
    exact = before.spread.complete and now.spread.complete
    return ColumnDrift(name, severity, exact=exact, **facts, **_apart(before, now), **_categories(before, now))


def _bins(before: _Side, now: _Side) -> list[tuple[str, float, float]]:
    if "category" in (before.spread.kind, now.spread.kind):
        labels, shares = _by_category(before.spread, now.spread)
    elif "number" in (before.spread.kind, now.spread.kind) and len(before.spread.values):
        labels, shares = _by_decile(before.spread, now.spread)
    else:
        labels, shares = ["a value"], np.ones((2, 1))
    one, two = shares[0] * (1 - before.share_missing), shares[1] * (1 - now.share_missing)
    return list(zip(labels, one.tolist(), two.tolist(), strict=True))


def _by_decile(before: Distribution, now: Distribution) -> tuple[list[str], Floats]:
    points, labels = np.empty(0), ["finite"]
    finite = before.finite()
    if finite.known:
        low, high = float(finite.values[0]), float(finite.values[-1])
        uppers = np.unique([*(finite.quantile(level / _BINS) for level in range(1, _BINS)), high])
        # The smallest value of the reference belongs to its first bin; what lies below has one of its own.
        points = np.concatenate(([np.nextafter(low, -np.inf)], uppers))
        inner = [f"{a:g} to {b:g}" if a < b else f"{b:g}" for a, b in zip([low, *uppers[:-1]], uppers, strict=True)]
        labels = [f"below {low:g}", *inner, f"above {high:g}"]
    points = np.concatenate(([-np.inf], points, [np.finfo(np.float64).max]))
    shares = np.array([np.diff(side.up_to(points), prepend=0.0, append=1.0) for side in (before, now)])
    if not now.known:
        shares[1] = 0.0
    return ["-inf", *labels, "inf"], shares


def _by_category(before: Distribution, now: Distribution) -> tuple[list[str], Floats]:
    least = max(_FEWEST, _RAREST * before.known)
    frequent = sum(count >= least for count in before.counts[:_CATEGORIES])
    first, earlier = before.values[:frequent], [float(count) for count in before.counts[:frequent]]
    known = set(before.values)
    counts = dict(zip(now.values, now.counts, strict=True))
    new = sum(count for value, count in counts.items() if value not in known) if before.complete else 0.0
    current = [counts.get(value, 0.0) for value in first]
    rest = (max(before.known - sum(earlier), 0.0), max(now.known - sum(current) - new, 0.0))
    # Good and Turing: rows of values never seen before are as many as those of values seen once, without any drift.
    unseen = min(sum(count == 1 for count in before.counts), new / max(now.known, 1.0) * before.known, rest[0])
    table = np.array([[*earlier, rest[0] - unseen, unseen], [*current, rest[1], new]])
    shares: Floats = table / np.maximum(table.sum(axis=1, keepdims=True), 1.0)
    return [*map(str, first), "other", "new"], shares


def _index(bins: Sequence[tuple[str, float, float]], before: _Side, now: _Side) -> dict[str, Any]:
    one, two = np.array([each[1] for each in bins]), np.array([each[2] for each in bins])
    index = stability_index(one, two, before.rows, now.rows)
    used = int(((one > 0) | (two > 0)).sum())
    kept = [each for each in bins if each[1] or each[2]]
    return {"psi": index, "psi_p": chance_of_index(index, used, before.rows, now.rows), "bins": kept}


def _severity(index: float, chance: float) -> Severity:
    if index < MODERATE or chance >= _CHANCE:
        return "none"
    return "moderate" if index < SEVERE else "severe"


def _apart(before: _Side, now: _Side) -> dict[str, Any]:
    one, two = before.spread, now.spread
    if one.kind != "number" or two.kind != "number" or not one.known or not two.known:
        return {}
    points = np.union1d(np.asarray(one.values, np.float64), np.asarray(two.values, np.float64))
    largest = float(np.max(np.abs(one.up_to(points) - two.up_to(points))))
    return {"ks": largest, "ks_p": kolmogorov_smirnov(largest, one.known, two.known)}


def _categories(before: _Side, now: _Side) -> dict[str, Any]:
    one, two = before.spread, now.spread
    if one.kind != "category" or two.kind != "category":
        return {}
    told: dict[str, Any] = {}
    for word, (these, others) in {"new": (two, one), "vanished": (one, two)}.items():
        if others.complete:
            there = set(others.values)
            names = [value for value in these.values if value not in there]
            told |= {f"{word}_categories": names[:_NAMED], f"{word}_count": len(names)}
    return told
