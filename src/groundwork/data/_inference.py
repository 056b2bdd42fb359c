"""The types of a table's text columns, found from all of its rows.

Rule: a type is taken only if every value of the column fits it, wherever it stands; what looks like a code
(``02116``) stays text. A spelling of *missing* (``NA``, ``null``, ``-`` …) counts as one where it stands among the
numbers, dates or truths of any column; it then means missing in the whole table. Cost: one pass over the table.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from groundwork.data._dataset import Dataset
from groundwork.data._dtypes import TYPES
from groundwork.data._profile import Profile
from groundwork.data._schema import Column, Schema
from groundwork.data._sources import Progress
from groundwork.errors import UsageError
from groundwork.storage import LEADING_ZERO, cast_column, misfits

SPELLINGS = frozenset(
    ("NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NULL", "Null", "null", "None", "none", "nil", "-", "--", "?", ".")
)
_TYPES: dict[str, pl.DataType] = {
    "Int64": pl.Int64(),
    "Float64": pl.Float64(),
    "Boolean": pl.Boolean(),
    "Date": pl.Date(),
    "Datetime": pl.Datetime("us"),
    "Datetime[UTC]": pl.Datetime("us", "UTC"),
}
_FIRST = 100
_FEW = 20
_UNIQUE_FROM = 100


@dataclass
class _Guess:
    """What a column may still be."""

    known: Collection[str]
    types: list[str] = field(default_factory=lambda: list(_TYPES))
    spellings: set[str] = field(default_factory=set)
    some: bool = False

    @property
    def found(self) -> str | None:
        return self.types[0] if self.types and self.some else None

    def add(self, column: pl.Series) -> None:
        if not self.types:
            return
        texts = column.drop_nulls().unique()
        odd = texts.is_in(list(self.known))
        self.spellings |= set(texts.filter(odd))
        values = texts.filter(~odd & (texts != ""))
        if values.len():
            if not self.some:
                self.types = _possible(str(values[0]))
            self.some = True
            self.types = [name for name in self.types if _fits(values.head(_FIRST), name) and _fits(values, name)]


@dataclass(frozen=True)
class InferredTypes:
    """What the rows themselves say of a table.

    Attributes:
        types: Name of the type by column, of those text columns that are more than text.
        null_values: Texts that mean missing in this table.
    """

    types: Mapping[str, str]
    null_values: tuple[str, ...]

    @property
    def schema(self) -> Schema:
        """The types as a schema without rules."""
        return Schema(columns={name: Column(dtype=dtype) for name, dtype in self.types.items()})


def infer_types(
    dataset: Dataset, *, spellings: Collection[str] = SPELLINGS, progress: Progress | None = None
) -> InferredTypes:
    """Look at every row of a table for the types of its text columns.

    Args:
        dataset: The table; a column that its schema declares keeps its type.
        spellings: Texts that may mean missing, besides those of the dataset.
        progress: As for ``Dataset.batches``.

    Returns:
        The types, and the spellings of missing.

    Raises:
        InvalidDataError: The file is damaged.
        StorageError: The file cannot be read.
        UsageError: It is no dataset.
    """
    if not isinstance(dataset, Dataset):
        raise UsageError(
            f"types are found in a Dataset, and this is a {type(dataset).__name__}",
            hint="pass Dataset.scan(table); a frame without text has its types already",
        )
    declared = dataset.schema.columns if dataset.schema else {}
    texts = [name for name, dtype in dataset.columns().items() if dtype == pl.String and name not in declared]
    guesses = {name: _Guess(spellings) for name in texts}
    for batch in dataset.batches(progress=progress) if texts else ():
        for name, guess in guesses.items():
            guess.add(batch[name])
    types = {name: guess.found for name, guess in guesses.items() if guess.found is not None}
    found = {text for name in types for text in guesses[name].spellings}
    return InferredTypes(types, tuple(sorted({*dataset.null_values, *found})))


def draft_schema(profiled: Profile) -> Schema:
    """Write down as rules what holds of a table now; a beginning, to be loosened where the rows may vary.

    Args:
        profiled: The table's profile.

    Returns:
        For each column its type, whether values may be missing, the range of numbers, the allowed values of text that
        has 20 or fewer, and uniqueness where each of 100 rows or more has a value of its own.
    """
    columns = {}
    for column in profiled.columns:
        dtype = _declared(column.dtype)
        if dtype is None:
            continue
        known = profiled.rows - column.missing
        rules: dict[str, Any] = {"dtype": dtype, "nullable": column.missing > 0 or not profiled.rows}
        if dtype.startswith(("Int", "UInt", "Float")) and known:
            # An infinite end is none.
            ends = {"min": column.minimum, "max": column.maximum}
            rules |= {name: end for name, end in ends.items() if end not in ("-inf", "inf")}
        spread = column.distribution
        repeated = known >= 2 * column.distinct
        if dtype == "String" and spread and spread.complete and 0 < column.distinct <= _FEW and repeated:
            rules["allowed"] = tuple(sorted(spread.values))
        identifying = dtype == "String" or dtype.startswith(("Int", "UInt"))
        if identifying and not column.approximate and known >= _UNIQUE_FROM and column.distinct == known:
            rules["unique"] = True
        columns[column.name] = Column(**rules)
    return Schema(columns=columns)


def _declared(dtype: str) -> str | None:
    """The name under which a schema knows a polars type; None for those it has no name for."""
    if dtype.startswith("Datetime"):
        return "Datetime" if "time_zone=None" in dtype else "Datetime[UTC]" if "UTC" in dtype else None
    if dtype.startswith(("Categorical", "Enum")):
        return "Categorical"
    return dtype if dtype in TYPES else None


def _possible(text: str) -> list[str]:
    """The types that a value may have; sparing a wide table the trial of all of them on every column."""
    if text.lower() in ("true", "false"):
        return ["Boolean"]
    try:
        float(text)
    except ValueError:
        return ["Date", "Datetime", "Datetime[UTC]"] if text[:1] in "+-0123456789" else []
    return ["Int64", "Float64", "Boolean"] if text in ("0", "1") else ["Int64", "Float64"]


def _fits(values: pl.Series, name: str) -> bool:
    if name in ("Int64", "Float64") and values.str.contains(LEADING_ZERO).any():
        return False
    # Any text of 0 and 1 is a number first; beside true and false they are truths.
    return not misfits(values, cast_column(values, _TYPES[name])).any()
