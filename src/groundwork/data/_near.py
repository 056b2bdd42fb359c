"""Near duplicates: rows that say almost the same.

Rule: what is told to be near has been compared exactly. Groups are connected: if a is near b and b near c, all three
are one group, though a and c may differ by more. The result depends on the rows alone: not on their order, the process
or the seed of Python's hashes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from groundwork.data._columns import require_columns
from groundwork.data._minhash import choose_bands
from groundwork.data._near_numbers import NumbersWish, numbers_groups, numbers_pairs
from groundwork.data._near_text import TextWish, text_groups, text_pairs
from groundwork.data._shingles import Shingles
from groundwork.data._tables import as_frame
from groundwork.data._whole import require_whole
from groundwork.errors import ConfigurationError, InvalidDataError

_MOST_SIZE = 100
_MOST_PERMUTATIONS = 4096
_SIZES = {"character": 5, "word": 3}


@dataclass(frozen=True)
class NearText:
    """Rows are near if their texts share most of their shingles.

    Attributes:
        columns: One column of text or several; of several, the shingles of all make one set.
        threshold: Least Jaccard similarity (shared shingles over all shingles), above 0, at most 1.
        shingle: Runs of characters (Unicode code points), or of words (parted by white space).
        size: Characters or words in a shingle; 5 characters or 3 words unless given.
        permutations: Of MinHash: more of them find more pairs at a low threshold, and take more time.
        normalise: Compare in Unicode NFKC, in lower case, white space as single blanks; otherwise as the texts are.
        equal: Columns whose values must be the same as well; missing equals missing.
        seed: Of the permutations.

    Raises:
        ConfigurationError: A setting makes no sense, or so few permutations would miss pairs at this threshold.
    """

    columns: str | Sequence[str]
    threshold: float = 0.8
    shingle: Literal["character", "word"] = "character"
    size: int | None = None
    permutations: int = 128
    normalise: bool = True
    equal: str | Sequence[str] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        _names(self.columns, "columns")
        _names(self.equal, "equal", least=0)
        if not 0 < _number(self.threshold) <= 1:
            raise ConfigurationError(
                f"threshold {self.threshold!r} is no Jaccard similarity above 0 and at most 1", hint="as threshold=0.8"
            )
        if self.shingle not in _SIZES:
            raise ConfigurationError(f"shingle {self.shingle!r} is not known", hint="use character or word")
        require_whole("size", self.size if self.size is not None else 1, 1, _MOST_SIZE)
        require_whole("permutations", self.permutations, 1, _MOST_PERMUTATIONS)
        require_whole("seed", self.seed, 0, 2**32 - 1)
        choose_bands(self.threshold, self.permutations)


@dataclass(frozen=True)
class NearNumbers:
    """Rows are near if their numbers differ by little.

    Attributes:
        columns: One column of numbers or several.
        decimals: Round to so many decimals (negative: to tens, hundreds), half to even, and compare; or
        tolerance: the largest difference, one for all columns or one for each by its name.
        equal: Columns whose values must be the same as well; missing equals missing.

    Raises:
        ConfigurationError: Neither or both of decimals and tolerance, or one that makes no sense.
    """

    columns: str | Sequence[str]
    decimals: int | None = None
    tolerance: float | Mapping[str, float] | None = None
    equal: str | Sequence[str] = ()

    def __post_init__(self) -> None:
        names = _names(self.columns, "columns")
        _names(self.equal, "equal", least=0)
        if (self.decimals is None) == (self.tolerance is None):
            raise ConfigurationError(
                "near numbers need decimals or a tolerance, and not both", hint="as decimals=2, or tolerance=0.01"
            )
        if self.decimals is not None:
            require_whole("decimals", self.decimals, -15, 15)
        for name, tolerance in _tolerances(names, self.tolerance).items():
            if not 0 < _number(tolerance) < math.inf:
                raise ConfigurationError(
                    f"tolerance {tolerance!r} of column {name} is no number above 0",
                    hint="give the largest difference; for none at all name the column in equal",
                )


def near_groups(table: Any, near: NearText | NearNumbers) -> npt.NDArray[np.int64]:
    """Return for each row the first row of its group of near duplicates; a row alone is its own.

    Args:
        table: A Dataset, a polars frame, or anything with ``__arrow_c_stream__``.
        near: What makes two rows near.

    Returns:
        Row numbers from 0, one for each row, never larger than the row's own.

    Raises:
        UsageError: `table` is no table.
        InvalidDataError: A column is missing, or holds no text or no numbers.
        ConfigurationError: `near` is neither `NearText` nor `NearNumbers`.
    """
    frame = as_frame(table)
    wish = _wish(frame, near)
    return text_groups(frame, wish) if isinstance(wish, TextWish) else numbers_groups(frame, wish)


def near_pairs(table: Any, near: NearText | NearNumbers) -> pl.DataFrame:
    """Return the pairs of near rows with their similarity; their connected components are `near_groups`.

    Rows that are the same in all that is compared are told as pairs with the first of them alone.

    Args:
        table: A Dataset, a polars frame, or anything with ``__arrow_c_stream__``.
        near: What makes two rows near.

    Returns:
        Columns ``left`` and ``right`` (row numbers from 0, left the smaller) and ``similarity`` (exact Jaccard; of
        numbers 1 if they are equal, 0 at the tolerance), sorted by row numbers.

    Raises:
        UsageError: `table` is no table.
        InvalidDataError: A column is missing, or holds no text or no numbers; or too many pairs.
        ConfigurationError: `near` is neither `NearText` nor `NearNumbers`.
    """
    frame = as_frame(table)
    wish = _wish(frame, near)
    edges = text_pairs(frame, wish) if isinstance(wish, TextWish) else numbers_pairs(frame, wish)
    pairs = pl.DataFrame({"left": edges.left, "right": edges.right, "similarity": edges.similarity})
    return pairs.sort("left", "right")


def _wish(frame: pl.DataFrame, near: NearText | NearNumbers) -> TextWish | NumbersWish:
    if not isinstance(near, NearText | NearNumbers):
        raise ConfigurationError(
            f"near {near!r} says nothing about nearness",
            hint="as near=NearText('text') or NearNumbers('x', decimals=2)",
        )
    columns, equal = _names(near.columns, "columns"), _names(near.equal, "equal", least=0)
    require_columns(frame, [*columns, *equal])
    if isinstance(near, NearText):
        for name in columns:
            _require(frame, name, frame.schema[name] in (pl.String, pl.Categorical, pl.Enum, pl.Null), "text")
        shingles = Shingles(near.shingle == "word", near.size or _SIZES[near.shingle], near.normalise)
        return TextWish(columns, equal, float(near.threshold), shingles, near.permutations, near.seed)
    for name in columns:
        _require(frame, name, frame.schema[name].is_numeric() or frame.schema[name] == pl.Null, "numbers")
    return NumbersWish(
        columns, equal, near.decimals, [float(each) for each in _tolerances(columns, near.tolerance).values()]
    )


def _require(frame: pl.DataFrame, name: str, holds: bool, what: str) -> None:
    if not holds:
        raise InvalidDataError(
            f"column {name} is {frame.schema[name]}, and near duplicates are looked for in {what} here",
            hint="name it in equal, or cast it",
            context={"column": name},
        )


def _names(given: Any, what: str, least: int = 1) -> list[str]:
    names = [given] if isinstance(given, str) else list(given) if isinstance(given, Sequence) else [given]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names) or len(names) < least:
        raise ConfigurationError(
            f"{what} {given!r} are no names of columns, each once",
            hint="as columns='text' or columns=['title', 'body']",
        )
    return names


def _tolerances(names: list[str], given: float | Mapping[str, float] | None) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        return dict.fromkeys(names, given)
    if set(given) != set(names):
        raise ConfigurationError(
            f"tolerance names {', '.join(map(str, given)) or 'no column'}, and columns are {', '.join(names)}",
            hint="give one tolerance for each column, or a single one for all",
        )
    return {name: given[name] for name in names}


def _number(value: Any) -> float:
    """Return a float, or NaN, which is in no range, for what is no number."""
    try:
        return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.inf
