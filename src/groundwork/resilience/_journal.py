"""Where a pipeline writes down what it has done."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol, runtime_checkable

from groundwork.errors import Locked


class Journal(Protocol):
    """An append-only list of records; ``storage.FileJournal`` is the durable one."""

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield every record, oldest first."""
        ...

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record; when this returns, a crash cannot take it away.

        Args:
            record: Plain data: what JSON can say.
        """
        ...


@runtime_checkable
class ExclusiveJournal(Journal, Protocol):
    """A journal that lets one run at a time write: of two, both would do the work."""

    def held(self) -> AbstractContextManager[Any]:
        """Return what holds the journal for a block; entering it raises ``Locked`` while another run holds it."""
        ...


def held(journal: Journal) -> AbstractContextManager[Any]:
    """Hold a journal for a block, if it can be held.

    Args:
        journal: Any journal.
    """
    return journal.held() if isinstance(journal, ExclusiveJournal) else nullcontext()


class MemoryJournal:
    """A journal that lives as long as its process; for pipelines that need not survive one."""

    def __init__(self) -> None:
        self._records: list[dict[str, Any]] = []
        self._one_run = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the journal for a block.

        Raises:
            Locked: Another run holds it.
        """
        if not self._one_run.acquire(blocking=False):
            raise Locked("another run uses this journal", hint="wait for it, or give this run a journal of its own")
        try:
            yield
        finally:
            self._one_run.release()

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield every record, oldest first."""
        yield from list(self._records)

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record.

        Args:
            record: Plain data: what JSON can say.
        """
        self._records.append(dict(record))
