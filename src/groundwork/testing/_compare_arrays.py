"""Compare arrays and frames with a tolerance, and say where they differ, how often and by how much at most.

Rule: shape and kind must agree; two numbers agree if ``|a - b| <= atol + rtol * |b|``; whole numbers are
compared as such, whatever their size; NaN agrees with NaN.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from groundwork.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_SHOWN = 5


def assert_close(
    actual: Any, expected: Any, *, rtol: float = 1e-7, atol: float = 0.0, equal_nan: bool = True, what: str = ""
) -> None:
    """Fail unless two arrays, frames, or mappings of names to them agree.

    Args:
        actual: An array, or anything that makes one; a polars frame or series; a mapping of names to such.
        expected: The same.
        rtol: Tolerance as a share of the expected value.
        atol: Tolerance in the values' unit.
        equal_nan: Whether NaN agrees with NaN.
        what: Names the values in the message.

    Raises:
        AssertionError: They differ; the message says how many values do, where the first of them lie, and the largest
            difference.
        UsageError: A tolerance is negative or not a number.
    """
    if not (rtol >= 0 and atol >= 0):
        raise UsageError(f"rtol {rtol} and atol {atol} must be numbers of 0 or more")
    found = list(_differences(what, actual, expected, _Tolerance(rtol, atol, equal_nan)))
    if found:
        raise AssertionError("\n".join(found))


class _Tolerance:
    def __init__(self, rtol: float, atol: float, equal_nan: bool) -> None:
        self.rtol, self.atol, self.equal_nan = rtol, atol, equal_nan

    def __str__(self) -> str:
        return f"rtol {self.rtol:g}" + (f" and atol {self.atol:g}" if self.atol else "")


def _differences(what: str, actual: Any, expected: Any, tolerance: _Tolerance) -> Iterator[str]:
    import polars as pl

    if isinstance(actual, pl.Series) and isinstance(expected, pl.Series):
        actual, expected = actual.to_frame(), expected.to_frame()
    if isinstance(actual, pl.DataFrame) and isinstance(expected, pl.DataFrame):
        yield from _frames(what, actual, expected, tolerance)
    elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
        yield from _names(what, list(actual), list(expected), ordered=False)
        for name in (name for name in expected if name in actual):
            yield from _differences(_joined(what, str(name)), actual[name], expected[name], tolerance)
    else:
        yield from _arrays(what, actual, expected, tolerance)


def _frames(what: str, actual: "pl.DataFrame", expected: "pl.DataFrame", tolerance: _Tolerance) -> Iterator[str]:
    yield from _names(what, actual.columns, expected.columns, ordered=True)
    if actual.height != expected.height:
        yield _said(what, f"{actual.height} rows instead of {expected.height}")
        return
    for name in (name for name in expected.columns if name in actual.columns):
        place, one, two = _joined(what, name), actual[name], expected[name]
        if one.dtype != two.dtype:
            yield _said(place, f"{one.dtype} instead of {two.dtype}")
            continue
        odd = (one.is_null() != two.is_null()).arg_true()
        if len(odd):
            rows = ", ".join(map(str, odd[:_SHOWN]))
            yield _said(place, f"missing in one only: {len(odd)} of {len(one)} values, first in rows {rows}")
            continue
        there = one.is_not_null()
        rows_there = there.arg_true().to_numpy()
        yield from _arrays(place, _plain(one.filter(there)), _plain(two.filter(there)), tolerance, rows_there)


def _plain(series: "pl.Series") -> "np.ndarray[Any, Any]":
    import numpy as np

    if series.dtype.is_numeric() and not series.dtype.is_decimal():
        return series.to_numpy()
    values = np.empty(len(series), dtype=object)
    values[:] = series.to_list()  # element by element, so that lists stay values
    return values


def _names(what: str, actual: list[Any], expected: list[Any], *, ordered: bool) -> Iterator[str]:
    missing = [str(name) for name in expected if name not in actual]
    extra = [str(name) for name in actual if name not in expected]
    if missing:
        yield _said(what, f"missing: {', '.join(missing)}")
    if extra:
        yield _said(what, f"not expected: {', '.join(extra)}")
    if ordered and not missing and not extra and actual != expected:
        yield _said(what, f"columns are in the order {', '.join(actual)} instead of {', '.join(expected)}")


def _arrays(what: str, actual: Any, expected: Any, tolerance: _Tolerance, rows: Any = None) -> Iterator[str]:
    import numpy as np

    one, two = np.asarray(actual), np.asarray(expected)
    if one.shape != two.shape:
        yield _said(what, f"shape {one.shape} instead of {two.shape}")
        return
    numeric = all(array.dtype.kind in "iufcb" for array in (one, two))
    if not numeric and (one.dtype.kind in "iufcb" or two.dtype.kind in "iufcb"):
        yield _said(what, f"{one.dtype} instead of {two.dtype}")
        return
    differ = np.atleast_1d(one != two)
    places = np.argwhere(differ)
    if not len(places):
        return
    left, right = np.atleast_1d(one)[differ], np.atleast_1d(two)[differ]
    if numeric:
        by, wrong = _by(left, right, tolerance)
        places, left, right, by = places[wrong], left[wrong], right[wrong], by[wrong]
    else:
        by = None
    if len(places):
        yield _said(what, _told(places if rows is None else rows[places], left, right, by, one.size, tolerance))


def _by(left: Any, right: Any, tolerance: _Tolerance) -> tuple[Any, Any]:
    """Return by how much each pair differs, and which of them do."""
    import numpy as np

    if left.dtype.kind in "iub" and right.dtype.kind in "iub":
        # Python's whole numbers: int64 and uint64 overflow, and floats round.
        by = np.array([abs(int(a) - int(b)) for a, b in zip(left, right, strict=True)], dtype=float)
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            by = np.abs(left - right)
    with np.errstate(invalid="ignore", over="ignore"):
        near = by <= tolerance.atol + tolerance.rtol * np.abs(right.astype(complex))
    # Infinities of one sign are equal and not here; of one beside a number the tolerance is infinite, too.
    near &= np.isfinite(left) & np.isfinite(right)
    if tolerance.equal_nan:
        near |= np.isnan(left) & np.isnan(right)
    return by, ~near


def _told(places: Any, left: Any, right: Any, by: Any, size: int, tolerance: _Tolerance) -> str:
    import numpy as np

    count = f"{len(places)} of {size} values differ"
    lines = [
        f"  {_place(place)}: {a!s} instead of {b!s}"
        for place, a, b in zip(places[:_SHOWN], left[:_SHOWN], right[:_SHOWN], strict=True)
    ]
    if len(places) > _SHOWN:
        lines.append(f"  ... and {len(places) - _SHOWN} more")
    if by is None:
        return "\n".join([f"{count}:", *lines])
    top = int(np.argmax(np.where(np.isnan(by), np.inf, by)))
    largest = f"largest difference {by[top]:.3g} at {_place(places[top])}"
    return "\n".join([f"{count} by more than {tolerance}, {largest}:", *lines])


def _place(place: Any) -> str:
    return f"[{', '.join(map(str, place))}]"


def _said(what: str, sentence: str) -> str:
    return f"{what}: {sentence}" if what else sentence


def _joined(what: str, name: str) -> str:
    return f"{what}.{name}" if what else name
