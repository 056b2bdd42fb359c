"""From raw rows to features: one code for training and for serving.

Rule: every step treats a row by itself, so a row's features are the same alone, in a batch or in the whole file; and
rows keep their number and order. Cost: 330,000 rows with one join in about 0.3 s; one row in about a millisecond.
"""

import functools
from collections.abc import Mapping, Sequence

import polars as pl

from groundwork.data import dtype_of, expression
from groundwork.errors import ConfigurationError, InvalidDataError, first_line
from groundwork.modeling._key_index import KeyIndex
from groundwork.modeling._spec import Join, TableSpec
from groundwork.modeling.preprocessing import feature_frame
from groundwork.storage import cast_column, misfits


def prepare_frame(
    frame: pl.DataFrame,
    spec: TableSpec,
    tables: Mapping[str, pl.DataFrame],
    *,
    indexes: Mapping[str, KeyIndex] | None = None,
) -> pl.DataFrame:
    """Turn raw rows into the features of a spec.

    Args:
        frame: Raw rows; columns typed, or text as a CSV has it. Other columns are ignored.
        spec: What to do.
        tables: Look-up tables by join name, typed.
        indexes: Of the same tables; quicker for a few rows.

    Returns:
        The features, in the order of the spec, each of the dtype of its kind.

    Raises:
        InvalidDataError: A required column is missing, or a value cannot be read as its column's dtype; the context
            names row (counted from 0) and column.
        ConfigurationError: A look-up table is missing.
    """
    wanted = {name: dtype_of(spec.columns[name].dtype) for name in spec.required_columns()}
    wanted |= _joined_dtypes(spec, tables)
    optional = set(spec.optional_columns()) | {name for name, column in spec.columns.items() if column.nullable}
    present = set(frame.columns)
    absent = [name for name in wanted if name not in present and name not in optional]
    if absent:
        raise InvalidDataError(
            f"the input lacks {'column' if len(absent) == 1 else 'columns'} {', '.join(absent)}",
            hint=f"the model needs {', '.join(spec.required_columns())}",
            context={"columns": absent, "column": absent[0]},
        )
    gaps = [pl.lit(None, wanted[name]).alias(name) for name in spec.required_columns() if name not in present]
    typed = cast_columns(frame.select(name for name in wanted if name in present), wanted, null_values=spec.null_values)
    joined = apply_joins(typed.with_columns(gaps) if gaps else typed, spec.used_joins(), tables, indexes=indexes)
    return feature_frame(apply_derive(joined, spec.used_derive()), spec.features)


def cast_columns(
    frame: pl.DataFrame, dtypes: Mapping[str, pl.DataType], *, null_values: Sequence[str] = ()
) -> pl.DataFrame:
    """Bring columns to their dtypes, or name the first value that does not fit.

    Args:
        frame: Columns of any dtype.
        dtypes: Wanted dtype by column; columns not named stay as they are.
        null_values: Texts that mean "missing".

    Returns:
        A frame of the same shape; empty text is a missing value where the dtype is not text.

    Raises:
        InvalidDataError: A value does not fit; the context names row and column. A number with a fraction does not fit
            an integer; text is read as training read it, see ``storage.cast_column``.
    """
    schema = frame.schema  # polars builds it anew at each look
    changing = {name: dtype for name, dtype in dtypes.items() if schema.get(name, dtype) != dtype}
    texts = [name for name, dtype in schema.items() if null_values and dtype == pl.String]
    if texts:
        column = pl.col(texts)
        frame = frame.with_columns(pl.when(column.is_in(list(null_values)).not_()).then(column))
    if not changing:
        return frame
    cast = frame.with_columns(cast_column(frame[name], dtype) for name, dtype in changing.items())
    for name, dtype in changing.items():
        lost = misfits(frame[name], cast[name]).arg_true()
        if len(lost):
            row = int(lost[0])
            raise InvalidDataError(
                f"row {row}, column {name!r}: {frame[name][row]!r} is not {dtype}",
                hint=f"{len(lost):,} of {frame.height:,} values of this column do not fit",
                context={"row": row, "column": name, "value": str(frame[name][row])},
            )
    return cast


def lookup_table(table: pl.DataFrame, join: Join) -> pl.DataFrame:
    """Narrow a table to what a join looks up, one row a key.

    Rows with a missing key go; of several rows with one key the first stays, so that a join never multiplies rows.
    Compare heights before and after to learn how many went.

    Args:
        table: Has the join's keys and columns.
        join: What is looked up.

    Returns:
        Keys and columns.

    Raises:
        ConfigurationError: The table lacks one of them.
    """
    names = [*join.on, *join.columns]
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise ConfigurationError(
            f"table {join.name!r} has no {', '.join(absent)}", hint=f"it has {', '.join(table.columns)}"
        )
    return table.select(names).drop_nulls(list(join.on)).unique(list(join.on), keep="first", maintain_order=True)


def apply_joins(
    frame: pl.DataFrame,
    joins: Sequence[Join],
    tables: Mapping[str, pl.DataFrame],
    *,
    indexes: Mapping[str, KeyIndex] | None = None,
) -> pl.DataFrame:
    """Look up the columns of each join; a value that a row brings along goes before the one in the table.

    Args:
        frame: Has the key columns.
        joins: In order.
        tables: By join name, as ``lookup_table`` returns them.
        indexes: Of the same tables; quicker for a few rows.

    Returns:
        The frame with the joined columns at its end; rows unchanged in number and order, null where no key fits.

    Raises:
        ConfigurationError: A table or a key column is missing.
    """
    for join in joins:
        table = tables.get(join.name)
        missing = [name for name in join.on if name not in frame.columns]
        if table is None or missing:
            what = f"there is no table {join.name!r}" if table is None else f"join {join.name!r} lacks keys {missing}"
            raise ConfigurationError(f"{what}; joins take their keys from the input and their columns from a table")
        given = [name for name in join.columns if name in frame.columns]
        if len(given) == len(join.columns) and not frame.select(pl.any_horizontal(pl.col(given).has_nulls())).item():
            frame = frame.select(pl.exclude(given), *given)
            continue
        if indexes is not None and not given and (quick := indexes[join.name].look_up(frame)) is not None:
            frame = frame.hstack(quick)
            continue
        keys = dict(zip(join.on, frame.select(join.on).dtypes, strict=True))
        table = cast_columns(table.select(*join.on, *join.columns), keys)
        found = frame.join(table, on=list(join.on), how="left", maintain_order="left", suffix=_SUFFIX)
        merged = [_merged(name, given) for name in join.columns]
        frame = found.select(*(name for name in frame.columns if name not in given), *merged)
    return frame


def _joined_dtypes(spec: TableSpec, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataType]:
    dtypes: dict[str, pl.DataType] = {}
    for join in spec.used_joins():
        schema = tables[join.name].schema if join.name in tables else {}
        absent = [name for name in (*join.on, *join.columns) if name not in schema]
        if absent:
            raise ConfigurationError(f"the look-up table {join.name!r} lacks {', '.join(absent)}, or is not there")
        dtypes |= {name: schema[name] for name in join.columns}
    return dtypes


_SUFFIX = "\x00looked up"


def _merged(name: str, given: Sequence[str]) -> pl.Expr:
    return pl.coalesce(name, name + _SUFFIX).alias(name) if name in given else pl.col(name)


def apply_derive(frame: pl.DataFrame, derive: Mapping[str, str]) -> pl.DataFrame:
    """Compute derived columns.

    Args:
        frame: Has the columns that the expressions name.
        derive: Name to expression, in order; a later one may use an earlier one.

    Returns:
        The frame with the columns added, or replaced where a name exists.

    Raises:
        ConfigurationError: An expression is not allowed, or names a column that is not there.
        InvalidDataError: An expression fails on a value.
    """
    for level in _levels(derive):
        try:
            frame = frame.with_columns(_compiled(derive[name]).alias(name) for name in level)
        except pl.exceptions.ColumnNotFoundError as error:
            raise ConfigurationError(
                f"derived column {' or '.join(map(repr, level))} names an unknown column: {first_line(error)}",
                hint=f"there are {', '.join(frame.columns)}",
            ) from error
        except pl.exceptions.PolarsError as error:
            raise InvalidDataError(
                f"derived column {' or '.join(map(repr, level))} failed: {first_line(error)}"
            ) from error
    return frame


@functools.lru_cache(maxsize=512)
def _compiled(text: str) -> pl.Expr:
    # Parsing costs as much as computing, for one row; an expression never changes once built.
    return expression(text)


def _levels(derive: Mapping[str, str]) -> list[list[str]]:
    """Group neighbours that do not depend on each other: each group is one pass."""
    levels: list[list[str]] = []
    for name, text in derive.items():
        reads = set(_compiled(text).meta.root_names())
        # Within one pass all read the frame as it was, so replacing what an earlier one reads is no dependence.
        if levels and not reads & set(levels[-1]):
            levels[-1].append(name)
        else:
            levels.append([name])
    return levels
