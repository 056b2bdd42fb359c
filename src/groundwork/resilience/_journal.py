"""Where a pipeline writes down what it has done."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol


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


class MemoryJournal:
    """A journal that lives as long as its process; for pipelines that need not survive one."""

    def __init__(self) -> None:
        self._records: list[dict[str, Any]] = []

    def records(self) -> Iterator[dict[str, Any]]:
        """Yield every record, oldest first."""
        yield from list(self._records)

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record.

        Args:
            record: Plain data: what JSON can say.
        """
        self._records.append(dict(record))
