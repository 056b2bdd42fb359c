"""Exercise 04: files that no crash tears, logs that go on, checkpoints that are never lost.

Four topics, each on its own: ``atomic_write``, ``write`` and ``read``, ``append`` and ``stream``, ``CheckpointStore``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 04`` which rule comes next.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from os import PathLike
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # for the types below; import them where you use them
    import numpy as np
    import polars as pl

AnyPath = str | PathLike[str]


def atomic_write(
    path: AnyPath, mode: str = "wb", *, durable: bool = True, encoding: str | None = None, newline: str | None = None
) -> AbstractContextManager[IO[Any]]:
    """Open a file for writing; ``path`` has the new content when the ``with`` block has ended well.

    Args:
        path: The file to create or replace, as text or ``Path``.
        mode: ``"wb"`` for bytes, ``"w"`` for text.
        durable: Whether the content survives a power cut when the block has ended.
        encoding: Of text, as in ``open``.
        newline: Of text, as in ``open``.

    Returns:
        A context manager that gives the file to write to.
    """
    raise NotImplementedError("atomic_write")


def write(path: AnyPath, value: Any) -> None:
    """Store a value in the format that the suffix names, atomically.

    Args:
        path: ``.json`` for plain values, ``.npy`` for an array, ``.npz`` for names to arrays; ``.gz`` on top.
        value: What ``read`` will return.
    """
    raise NotImplementedError("write")


def read(path: AnyPath) -> Any:
    """Return what ``write`` has stored; nothing is ever unpickled.

    Args:
        path: See ``write``.

    Returns:
        A plain value, an array, or a dict of arrays.
    """
    raise NotImplementedError("read")


def append(path: AnyPath, record: dict[str, Any] | Sequence[dict[str, Any]], *, durable: bool = True) -> None:
    """Add a record, or a list of them, to a log of JSON lines.

    Args:
        path: The ``.jsonl`` file; made if missing.
        record: A dict, or several.
        durable: Whether they survive a power cut on return.
    """
    raise NotImplementedError("append")


def stream(path: AnyPath, rows: int = 65_536, *, columns: Mapping[str, "pl.DataType"]) -> Iterator["pl.DataFrame"]:
    """Read a log in polars frames, holding one batch in memory.

    Args:
        path: ``.jsonl`` or ``.jsonl.gz``.
        rows: Rows of each frame; the last may have fewer.
        columns: The polars type of each column, by name; a key that a record lacks is null.

    Returns:
        An iterator of frames.
    """
    raise NotImplementedError("stream")


class Keep(NamedTuple):
    """Which checkpoints stay after a save: the last so many, by step."""

    last: int = 3


class CheckpointStore:
    """A folder of checkpoints; several processes may save and load at once.

    Args:
        root: The folder; made by the first save.
        keep: How many checkpoints stay; ``Keep()`` unless given.
    """

    def __init__(self, root: AnyPath, keep: Keep | None = None) -> None:
        raise NotImplementedError("CheckpointStore")

    def save(self, model: Mapping[str, "np.ndarray"], *, step: int, metrics: Mapping[str, float] | None = None) -> None:
        """Save a mapping of names to arrays durably, in place of one of the same step; then prune."""

    def load(self, which: str | int = "latest") -> Any:
        """Return an object with ``model`` and ``info`` (``step``, ``metrics``): of a step, or the newest whole one."""

    def list(self) -> Sequence[Any]:
        """Return the infos of the whole checkpoints, each with ``step`` and ``metrics``, by step."""

    def verify(self) -> dict[int, str | None]:
        """Return, by step, None or a sentence that says what is wrong; change nothing."""

    def prune(self) -> Sequence[int]:
        """Delete what ``keep`` does not ask for, never the newest whole one; return the steps deleted."""
