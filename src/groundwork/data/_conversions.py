"""A frame as pandas, numpy and torch have it.

Rule: no value is bent on the way: what a type cannot say is refused. Cost: a copy, where the memory cannot be shared.
"""

import importlib
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from groundwork.data._arrays import LAYOUTS, Layout, array_of_column, matrix, structured
from groundwork.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    import numpy.typing as npt


def as_pandas(frame: pl.DataFrame, *, arrow_types: bool) -> Any:
    """Give a ``pandas.DataFrame``.

    Args:
        frame: The rows.
        arrow_types: See ``Dataset.to_pandas``.

    Returns:
        The frame.

    Raises:
        InvalidDataError: Without Arrow types, a whole number would be rounded.
    """
    if arrow_types:
        return frame.to_pandas(use_pyarrow_extension_array=True)
    for column in frame.iter_columns():
        if column.dtype.is_integer() and column.null_count():
            array_of_column(column)
    return frame.to_pandas()


def as_arrays(frame: pl.DataFrame, layout: Layout) -> "npt.NDArray[Any] | dict[str, npt.NDArray[Any]]":
    """Give arrays of numpy.

    Args:
        frame: The rows.
        layout: See ``Dataset.to_numpy``.

    Returns:
        The array or arrays.

    Raises:
        UsageError: A matrix is asked of columns that hold no numbers.
        InvalidDataError: A whole number would be rounded.
    """
    if layout == "matrix":
        return matrix(frame)
    if layout == "structured":
        return structured(frame)
    return {column.name: array_of_column(column) for column in frame.iter_columns()}


def as_tensors(frame: pl.DataFrame, layout: Literal["columns", "matrix"]) -> Any:
    """Give tensors of torch.

    Args:
        frame: The rows, of numbers and truth values only.
        layout: See ``Dataset.to_torch``.

    Returns:
        The tensor or tensors.

    Raises:
        UsageError: A column holds no numbers.
        InvalidDataError: A whole number would be rounded.
    """
    torch = importlib.import_module("torch")
    if layout == "matrix":
        return torch.from_numpy(matrix(frame).copy())
    return {column.name: torch.from_numpy(matrix(column.to_frame())[:, 0].copy()) for column in frame.iter_columns()}


def require_layout(layout: str, known: tuple[str, ...] = LAYOUTS) -> None:
    """Refuse a layout that is not known, before anything is read.

    Args:
        layout: The layout.
        known: Those that there are.

    Raises:
        UsageError: There is no such layout.
    """
    if layout not in known:
        raise UsageError(f"layout {layout!r} is not known", hint=f"use {', '.join(known)}")


def require_package(package: str, install: str) -> None:
    """Refuse a conversion whose package is not there, before anything is read.

    Args:
        package: The package.
        install: The command that installs it.

    Raises:
        ConfigurationError: It cannot be imported.
    """
    try:
        importlib.import_module(package)
    except ImportError as error:
        raise ConfigurationError(f"this needs {package}, which is not installed", hint=install) from error
