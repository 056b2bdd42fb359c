"""CSV and Parquet as polars frames."""

from collections.abc import Callable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from groundwork.errors import UsageError, first_line
from groundwork.storage._bounds import too_large

if TYPE_CHECKING:
    import polars as pl

    from groundwork.storage._csv import CsvTable

_PIECE = 2**18
# What leaves the records as they are; with other options polars alone knows what one is.
_SAME_RECORDS = frozenset(
    ("columns", "infer_schema", "infer_schema_length", "new_columns", "null_values", "schema", "schema_overrides")
)


def read_csv(file: IO[bytes], **options: Any) -> "pl.DataFrame":
    """Decode a table; ``options`` go to ``polars.read_csv``. Types are guessed from all rows unless given."""
    import polars as pl

    data = file.read()
    if "encoding" not in options:
        data[: data.find(b"\n") + 1 or None].decode("utf-8")  # polars takes any bytes for names of columns
    checked = options.keys() <= _SAME_RECORDS
    name = str(file.name)
    if checked:
        _records(data, name)
    try:
        frame = _parsed_csv(data, options)
    except pl.exceptions.PolarsError:
        if checked:
            _records(data, name).check(thorough=True)  # names row and line, where it is a record
        raise
    # What a record lacks is missing in the last column: where nothing is, all records are whole.
    if checked and (not frame.width or "columns" in options or frame[:, -1].null_count()):
        _records(data, name).check(thorough=False)
    return frame


def _records(data: bytes, name: str) -> "CsvTable":
    """Open the bytes to look at their records; the header is."""
    from groundwork.storage._csv import CsvTable

    return CsvTable((data[at : at + _PIECE] for at in range(0, len(data), _PIECE)), name)


def _parsed_csv(data: bytes, options: Mapping[str, Any]) -> "pl.DataFrame":
    import polars as pl

    from groundwork.storage._csv_types import guessed

    if "schema" in options or options.get("infer_schema") is False:
        return _with_options(pl.read_csv, data, options)
    return _with_options(guessed, data, options)


def write_csv(file: IO[bytes], value: Any, **options: Any) -> None:
    """Encode a polars DataFrame; ``options`` go to its ``write_csv``."""
    frame = _frame(value)
    nested = next((name for name, dtype in frame.schema.items() if dtype.is_nested()), None)
    if nested is not None:
        raise UsageError(
            f"column {nested!r} is {frame.schema[nested]}, and a cell of CSV holds one value",
            hint="write a .parquet, or make text of it first",
        )
    frame.write_csv(file, **options)


def read_parquet(file: IO[bytes], *, max_bytes: int | None = None, **options: Any) -> "pl.DataFrame":
    """Decode a table; ``options`` go to ``polars.read_parquet``.

    ``max_bytes`` bounds what its pages say that they unpack to.
    """
    import polars as pl

    from groundwork.storage._parquet_size import check_unpacked_size

    if max_bytes is not None:
        check_unpacked_size(file, max_bytes)
        file.seek(0)
    try:
        return _with_options(pl.read_parquet, file.read(), options)
    except pl.exceptions.PanicException as error:  # no Exception: damage that polars did not foresee
        raise ValueError(f"polars gave up: {error}") from error


def write_parquet(file: IO[bytes], value: Any, **options: Any) -> None:
    """Encode a polars DataFrame; ``options`` go to its ``write_parquet``."""
    _frame(value).write_parquet(file, **options)


def read_declared(
    path: str,
    *,
    columns: Mapping[str, Any],
    max_bytes: int | None,
    null_values: Sequence[str] = (),
) -> "pl.DataFrame":
    """Read a whole table of declared columns, by the code of ``stream``.

    Args:
        path: The file.
        columns: See ``stream``.
        max_bytes: How large the frame may become.
        null_values: See ``stream``.

    Returns:
        The frame.

    Raises:
        InvalidDataError: See ``stream``; also if the frame becomes too large.
    """
    import polars as pl

    from groundwork.storage._stream import stream, stream_schema

    frames, size = [], 0
    for frame in stream(path, columns=columns, null_values=null_values):
        size += int(frame.estimated_size())
        if max_bytes is not None and size > max_bytes:
            raise too_large(path, "its table comes", max_bytes)
        frames.append(frame)
    if frames:
        return pl.concat(frames, rechunk=True)
    return pl.DataFrame(schema=stream_schema(path, columns=columns, null_values=null_values))


def _with_options(read: "Callable[..., pl.DataFrame]", data: bytes, options: Mapping[str, Any]) -> "pl.DataFrame":
    import polars as pl

    try:
        return read(data, **options)
    except TypeError as error:  # polars means the call by it, never the data
        raise UsageError(f"polars: {error}", hint="see polars.read_csv and polars.read_parquet for options") from error
    except pl.exceptions.ColumnNotFoundError as error:
        raise UsageError(f"polars: {first_line(error)}", hint="name columns that the file has") from error


def _frame(value: Any) -> "pl.DataFrame":
    import polars as pl

    if not isinstance(value, pl.DataFrame):
        raise UsageError(
            f"a table must be a polars DataFrame, not {type(value).__name__}", hint="polars.DataFrame(...)"
        )
    return value
