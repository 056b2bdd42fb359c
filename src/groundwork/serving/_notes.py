"""What is noted of a call that is watched, by a log or by traces: its rows, its batch, its time in the queue.

Rule: nothing is kept where nobody watches; a note is found by the identity of a block, which its call keeps alive
until the note is taken away.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class Note:
    """A call's way through the queue.

    Attributes:
        batch_rows: Rows of the batch that its first block was in; 0 while it is in none.
        posted: ``perf_counter`` when it joined the queue.
        rows: Its own.
        taken: ``perf_counter`` when a batch took it; 0.0 while none has.
    """

    __slots__ = ("batch_rows", "posted", "rows", "taken")

    def __init__(self, rows: int, posted: float) -> None:
        self.rows = rows
        self.posted = posted
        self.taken = 0.0
        self.batch_rows = 0


def note_batch(notes: dict[int, Note], blocks: Sequence[Any], rows: int, now: float) -> None:
    """Note which calls a batch has taken.

    Args:
        notes: By the identity of a block.
        blocks: The batch.
        rows: Of the batch.
        now: ``perf_counter``.
    """
    for block in blocks:
        note = notes.get(id(block))
        # Halves of a batch that are tried again to find a bad row are no new batches of the call.
        if note is not None and not note.taken:
            note.taken, note.batch_rows = now, rows


class Ended(NamedTuple):
    """A call that is over.

    Attributes:
        method: As sent.
        path: As sent, without its query.
        route: The label under which it is counted.
        status: Of the answer; 499 for a client that left.
        seconds: From its first byte to its answer.
        client: Its address.
        headers: Of the request.
        request_id: Under which the client knows it; "" where there is none.
        model: That answered, or ""; with its version.
        version: See ``model``.
        note: Its way through the queue, or None.
    """

    method: str
    path: str
    route: str
    status: int
    seconds: float
    client: str
    headers: Any
    request_id: str
    model: str = ""
    version: str = ""
    note: Note | None = None

    @property
    def queue_s(self) -> float | None:
        """Seconds in the queue; None for one that no batch has taken."""
        note = self.note
        return note.taken - note.posted if note is not None and note.taken else None


class Watcher(Protocol):
    """Is told of calls that are over."""

    def ended(self, call: Ended, trace_id: str) -> str:
        """Take note.

        Args:
            call: That is over.
            trace_id: Under which an earlier watcher has noted it, or "".

        Returns:
            The trace's id, for the next watcher.
        """
        ...
