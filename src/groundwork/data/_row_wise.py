"""What an expression from a file may hold: tables to read, not code to follow.

Rule: a name stands here only if its result for a row depends on that row alone, whatever arguments the table admits.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

_LONGEST_FILL = 1_000


@dataclass(frozen=True)
class Signature:
    """How an allowed function may be called.

    Attributes:
        least: Fewest arguments.
        most: Most positional arguments.
        keywords: Allowed names of keyword arguments.
        constants: Whether every argument must be a constant (an expression there could look at other rows).
        check: A further look at the arguments, answering what is wrong or None.
    """

    least: int = 0
    most: int = 0
    keywords: tuple[str, ...] = ()
    constants: bool = False
    check: Callable[[list[Any], dict[str, Any]], str | None] | None = None

    @property
    def counts(self) -> str:
        """How many arguments, in words."""
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"

    def problem(self, positional: list[Any], keywords: dict[str, Any]) -> str | None:
        """Say what is wrong with the arguments.

        Args:
            positional: Evaluated positional arguments.
            keywords: Evaluated keyword arguments.

        Returns:
            A sentence, or None.
        """
        if self.constants and any(isinstance(value, pl.Expr) for value in [*positional, *keywords.values()]):
            return "its arguments must be constants"
        if not self.check and any(isinstance(value, list | dict) for value in [*positional, *keywords.values()]):
            return "a list does not go here"
        return self.check(positional, keywords) if self.check else None


def _one_name(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    name = positional[0]
    if not isinstance(name, str) or not name:
        return "pl.col takes the name of one column, as pl.col('distance')"
    return None


def _one_constant(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    if not isinstance(positional[0], bool | int | float | str | None):
        return "pl.lit takes one number, text, True, False or None"
    return None


def _a_list(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    return None if isinstance(positional[0], list) else "it takes a list of constants"


def _a_mapping(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    if not isinstance(positional[0], dict):
        return "it takes {old: new, ...}"
    return "a list does not go here" if isinstance(keywords.get("default"), list | dict) else None


def _a_format(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    given = positional[0] if positional else keywords.get("format")
    if not isinstance(given, str):
        # Without one, polars guesses it from the first rows, so that a row would depend on others.
        return "give the format, as '%Y-%m-%dT%H:%M:%SZ'"
    return None


def _a_dtype(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    given = positional[0]
    known = isinstance(given, pl.DataType) or (isinstance(given, type) and issubclass(given, pl.DataType))
    return None if known else "it takes a type, as pl.Float64"


def _a_width(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    width = positional[0]
    if not isinstance(width, int) or not 0 <= width <= _LONGEST_FILL:
        return f"the width must be a number up to {_LONGEST_FILL:,}"
    return None


def _a_replacement(positional: list[Any], keywords: dict[str, Any]) -> str | None:
    # A chain of replacements that lengthen a text each time would fill any memory.
    pattern, value = positional[:2]
    if not isinstance(pattern, str) or not isinstance(value, str):
        return "pattern and replacement must be text"
    if value and not (keywords.get("literal") is True and pattern and len(value) <= len(pattern)):
        return "the replacement must be empty, or literal=True and no longer than the text it replaces"
    return None


_NONE = Signature()
_ONE = Signature(1, 1)
_CONSTANT = Signature(1, 1, constants=True)
_MANY = Signature(1, 100)
_TEXTS = Signature(1, 1, check=_a_list)
_PARSE = Signature(0, 1, ("format", "strict", "time_unit", "time_zone", "exact"), constants=True, check=_a_format)
_REPLACE = Signature(2, 2, ("literal",), constants=True, check=_a_replacement)


def _all(names: str, signature: Signature) -> dict[str, Signature]:
    return dict.fromkeys(names.split(), signature)


_TYPES = "Boolean Date Datetime Duration Float32 Float64 Int8 Int16 Int32 Int64 String Time UInt8 UInt16 UInt32 UInt64"

DTYPES: Mapping[str, Any] = {name: getattr(pl, name) for name in _TYPES.split()}

FUNCTIONS: Mapping[str, Signature] = {
    "col": Signature(1, 1, check=_one_name),
    "lit": Signature(1, 1, check=_one_constant),
    "when": _ONE,
    **_all("coalesce max_horizontal min_horizontal sum_horizontal mean_horizontal", _MANY),
    **_all("all_horizontal any_horizontal", _MANY),
    "concat_str": Signature(1, 100, ("separator", "ignore_nulls")),
    "date": Signature(3, 3),
    "time": Signature(0, 4, ("hour", "minute", "second", "microsecond")),
    "datetime": Signature(3, 7, ("time_unit", "time_zone")),
    "duration": Signature(1, 0, ("weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds")),
    "Datetime": Signature(0, 2, ("time_unit", "time_zone"), constants=True),
    "Duration": Signature(0, 1, ("time_unit",), constants=True),
}

METHODS: Mapping[str, Signature] = {
    **_all("then otherwise when", _ONE),
    **_all("abs sign sqrt cbrt exp log1p log10 sin cos tan arcsin arccos arctan sinh cosh tanh", _NONE),
    **_all("degrees radians floor ceil not_ neg", _NONE),
    **_all("is_null is_not_null is_nan is_not_nan is_finite is_infinite", _NONE),
    **_all("eq ne lt le gt ge eq_missing ne_missing and_ or_ xor", _ONE),
    **_all("add sub mul truediv floordiv mod pow", _ONE),
    **_all("fill_null fill_nan", _ONE),
    "log": Signature(0, 1, constants=True),
    "round": Signature(0, 1, constants=True),
    "clip": Signature(1, 2, ("lower_bound", "upper_bound")),
    "is_between": Signature(2, 2, ("closed",)),
    "is_in": _TEXTS,
    "cast": Signature(1, 1, ("strict",), constants=True, check=_a_dtype),
    "replace_strict": Signature(1, 1, ("default",), check=_a_mapping),
}

_DATES: Mapping[str, Signature] = {
    **_all("year month day hour minute second millisecond microsecond nanosecond quarter week iso_year", _NONE),
    **_all("weekday ordinal_day date time is_leap_year month_start month_end century millennium", _NONE),
    **_all("total_days total_hours total_minutes total_seconds total_milliseconds total_microseconds", _NONE),
    **_all("base_utc_offset dst_offset", _NONE),
    **_all("truncate round offset_by convert_time_zone strftime to_string cast_time_unit", _CONSTANT),
    "replace_time_zone": Signature(1, 1, ("ambiguous", "non_existent"), constants=True),
    "epoch": Signature(0, 1, constants=True),
    "timestamp": Signature(0, 1, constants=True),
}

_TEXT: Mapping[str, Signature] = {
    **_all("len_chars len_bytes to_lowercase to_uppercase", _NONE),
    **_all("starts_with ends_with strip_prefix strip_suffix head tail", _ONE),
    **_all("strip_chars strip_chars_start strip_chars_end", Signature(0, 1, constants=True)),
    "contains": Signature(1, 1, ("literal", "strict"), constants=True),
    "contains_any": Signature(1, 1, ("ascii_case_insensitive",), check=_a_list),
    "count_matches": Signature(1, 1, ("literal",), constants=True),
    "extract": Signature(1, 2, ("group_index",), constants=True),
    "slice": Signature(1, 2),
    "zfill": Signature(1, 1, constants=True, check=_a_width),
    "replace": _REPLACE,
    "replace_all": _REPLACE,
    "to_date": _PARSE,
    "to_datetime": _PARSE,
    "to_integer": Signature(0, 0, ("base", "strict"), constants=True),
}

NAMESPACES: Mapping[str, Mapping[str, Signature]] = {"dt": _DATES, "str": _TEXT}

_OTHER_ROWS = (
    "all any agg_groups approx_n_unique arg_max arg_min arg_sort arg_true arg_unique backward_fill bottom_k corr "
    "count cov cum_count cum_max cum_min cum_prod cum_sum cumulative_eval cut diff drop_nans drop_nulls entropy "
    "ewm_mean explode extend_constant fill filter first flatten forward_fill gather gather_every hist implode "
    "int_range interpolate is_duplicated is_first_distinct is_last_distinct is_unique item kurtosis last len limit "
    "max mean median min mode n_unique nan_max nan_min null_count over pct_change peak_max product qcut quantile "
    "rank rechunk reinterpret repeat_by reshape reverse rle rle_id rolling rolling_max rolling_mean rolling_min "
    "rolling_sum sample search_sorted set_sorted shift shrink_dtype shuffle skew slice sort sort_by std sum tail "
    "head to_physical top_k unique unique_counts upper_bound value_counts var"
)

_RUNS_CODE = (
    "map map_batches map_elements map_groups pipe rolling_map apply inspect deserialize register_plugin_function"
)

OTHER_ROWS = frozenset(_OTHER_ROWS.split())
RUNS_CODE = frozenset(_RUNS_CODE.split())
