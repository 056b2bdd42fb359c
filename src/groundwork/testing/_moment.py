"""The moment at which a check fails: where in the check, and what its variables hold.

Rule: only what is plainly data is described, by its exact type; nothing of an implementation is called, and nothing is
longer than a line. Cost: some microseconds a variable, and only when a check fails.
"""

import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path, PosixPath, WindowsPath
from types import FrameType
from typing import Any

from groundwork.testing._crash import Crash

Moment = list[tuple[int, dict[str, str]]]
"""Lines of the check, the outermost first, each with the data that its variables held, as text."""

_SHOWN = 8
_LONG = 60
_DEEP = 3
_MOST = 40
_TOLD = 20_000
# What people write as mode 0640.
_OCTAL = ("bits", "mask")


def moment_of(error: BaseException, function: Callable[..., Any]) -> Moment:
    """Describe where a check was when it failed.

    Args:
        error: What it raised.
        function: The check.

    Returns:
        A line and its variables for the check and for each function inside of it that was being run.
    """
    code = function.__code__
    found: Moment = []
    step = error.__traceback__
    while step is not None:
        frame = step.tb_frame
        if frame.f_code is code or _is_inside(frame, function):
            found.append((step.tb_lineno, _variables(frame.f_locals)))
        step = step.tb_next
    return found


def moment_from(told: Any) -> Moment:
    """Read a moment that another process described; whatever is not one is left out.

    Args:
        told: Of JSON.

    Returns:
        Lines with texts, none of which can do more to a terminal than be read.
    """
    found: Moment = []
    for step in told if isinstance(told, list) else ():
        if isinstance(step, list) and len(step) == 2 and type(step[0]) is int and isinstance(step[1], dict):
            known = {name: text for name, text in step[1].items() if isinstance(text, str) and len(text) <= _TOLD}
            found.append((step[0], {name: _printable(text) for name, text in list(known.items())[:_MOST]}))
    return found[:_MOST]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def describe(value: Any, depth: int = 0) -> str | None:
    """Write data as text, shortened to what fits a line.

    Args:
        value: Anything.
        depth: How many collections it lies in.

    Returns:
        The text; None for what is not plainly data.
    """
    kind = type(value)
    if kind in _WRITERS:
        return _WRITERS[kind](value, depth)
    if kind.__module__ == "builtins" and isinstance(value, BaseException):
        return f"{kind.__name__}({_items(value.args, depth)})"
    if kind is type:
        return value.__name__ if value.__module__ == "builtins" else None
    if kind is Crash:
        return f"killed before call {value.nth}, {value.before}"
    for package, write in (("numpy", _array), ("polars", _frame)):
        # Never imported for this; and only a class of its own counts.
        if kind.__module__.partition(".")[0] == package and package in sys.modules:
            with suppress(Exception):
                return write(value, depth)
    return None


def _is_inside(frame: FrameType, function: Callable[..., Any]) -> bool:
    code = frame.f_code
    qualified = getattr(code, "co_qualname", "")
    return code.co_filename == function.__code__.co_filename and qualified.startswith(
        f"{function.__qualname__}.<locals>"
    )


def _variables(known: dict[str, Any]) -> dict[str, str]:
    described = (
        (name, f"0{value:o}" if name in _OCTAL and type(value) is int else describe(value))
        for name, value in list(known.items())[:_MOST]
    )
    return {name: text for name, text in described if text is not None}


def _number(value: Any, depth: int) -> str:
    text = repr(value)
    return text if len(text) <= _LONG else f"{text[:12]}... ({len(text):,} digits)"


def _text(value: Any, depth: int) -> str:
    if len(value) <= _LONG:
        return repr(value)
    what = "characters" if isinstance(value, str) else "bytes"
    return f"{value[: _LONG // 3]!r}... ({len(value):,} {what})"


def _items(values: Iterable[Any], depth: int) -> str:
    listed = list(values)
    if depth >= _DEEP:
        return "..." if listed else ""
    shown = [_within(each, depth) for each in listed[:_SHOWN]]
    more = [f"... ({len(listed):,} in all)"] if len(listed) > _SHOWN else []
    return ", ".join([*shown, *more])


def _within(value: Any, depth: int) -> str:
    """What is no data is shown by its class alone: what the class says of itself is not asked."""
    return describe(value, depth + 1) or f"<{type.__dict__['__name__'].__get__(type(value))}>"


def _tuple(value: Any, depth: int) -> str:
    return f"({_items(value, depth)}{',' if len(value) == 1 else ''})"


def _mapping(value: Any, depth: int) -> str:
    if depth >= _DEEP:
        return "{...}" if value else "{}"
    pairs = [f"{_within(key, depth)}: {_within(each, depth)}" for key, each in list(value.items())[:_SHOWN]]
    more = [f"... ({len(value):,} in all)"] if len(value) > _SHOWN else []
    return f"{{{', '.join([*pairs, *more])}}}"


def _path(value: Any, depth: int) -> str:
    return repr(value.name)


def _call(value: Any, depth: int) -> str | None:
    name = getattr(value.func, "__name__", None)
    words = [describe(each, depth + 1) for each in value.args]
    named = [f"{key}={_within(each, depth)}" for key, each in value.keywords.items()]
    return f"{name}({', '.join([*(word for word in words if word), *named])})" if type(name) is str else None


def _array(value: Any, depth: int) -> str:
    if not value.shape:
        return repr(value.item())
    few = value.ravel()[: _SHOWN if value.size <= _SHOWN else 3].tolist()
    shown = [f"{each:.6g}" if isinstance(each, float) else repr(each) for each in few]
    more = ", ..." if value.size > len(few) else ""
    shape = "" if value.ndim == 1 and not more else f" of shape {value.shape}"
    return f"array [{', '.join(shown)}{more}]{shape}"


def _frame(value: Any, depth: int) -> str | None:
    if not hasattr(value, "columns"):
        return f"column [{_items(value.head(_SHOWN + 1).to_list(), depth)}]"
    shown = value.height if value.height <= _SHOWN else 2
    columns = ", ".join(
        f"{name}=[{_items(value.get_column(name).head(shown).to_list(), depth)}{', ...' * (value.height > shown)}]"
        for name in value.columns[:_SHOWN]
    )
    return f"table of {value.height:,} row{'s' * (value.height != 1)} ({columns})"


_WRITERS: dict[type, Callable[[Any, int], str | None]] = {
    **dict.fromkeys((type(None), bool, int, float, complex), _number),
    **dict.fromkeys((str, bytes, bytearray), _text),
    **dict.fromkeys((PosixPath, WindowsPath, Path), _path),
    range: lambda value, depth: repr(value),
    list: lambda value, depth: f"[{_items(value, depth)}]",
    set: lambda value, depth: f"{{{_items(value, depth)}}}" if value else "set()",
    frozenset: lambda value, depth: f"{{{_items(value, depth)}}}",
    tuple: _tuple,
    dict: _mapping,
    partial: _call,
}
