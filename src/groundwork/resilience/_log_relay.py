"""Log records of a step's own process, handled in the process that waits for it.

Rule: one process writes the log; whatever is configured there holds for the child too, and a kill tears no line.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from groundwork.errors import describe
from groundwork.resilience._log_context import current_ids, log_context
from groundwork.resilience._values import plain_error

LOGGED = "logged"
IDS, FAILURE = "groundwork_ids", "groundwork_error"


@dataclass(frozen=True, slots=True)
class LogState:
    """What a child must know to log as its parent would.

    Attributes:
        levels: The levels that were set, by logger; the root's under ``""``.
        ids: The ids of the code that starts the child.
    """

    levels: Mapping[str, int]
    ids: Mapping[str, str]

    @classmethod
    def here(cls) -> "LogState":
        """Return the state of this process and context."""
        root = logging.getLogger()
        known = [
            (name, logger) for name, logger in root.manager.loggerDict.items() if isinstance(logger, logging.Logger)
        ]
        levels = {name: logger.level for name, logger in known if logger.level != logging.NOTSET}
        return cls({**levels, "": root.level}, current_ids())

    @contextlib.contextmanager
    def sent_by(self, send: Callable[[str, Any], None]) -> Iterator[None]:
        """Let the block log through ``send``; in the child.

        Args:
            send: Called with ``LOGGED`` and the facts of a record.
        """
        for name, level in self.levels.items():
            logging.getLogger(name or None).setLevel(level)
        root = logging.getLogger()
        # What the program's own modules installed when the child imported them would tell everything twice.
        before, root.handlers = root.handlers, [_Sender(send)]
        try:
            with log_context(**self.ids):
                yield
        finally:
            root.handlers = before


def handle_here(facts: Mapping[str, Any]) -> None:
    """Handle a record that a child has sent.

    Args:
        facts: Its facts.
    """
    record = logging.makeLogRecord(dict(facts))
    logger = logging.getLogger(record.name)
    if logger.isEnabledFor(record.levelno):
        logger.handle(record)


def message_of(record: logging.LogRecord) -> str:
    """Return a record's message, whatever it was given.

    Args:
        record: What was logged.
    """
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit their format, or whose own repr fails
        try:
            return f"{record.msg} {record.args!r}"
        except Exception:  # noqa: BLE001 - the line is told all the same
            return f"a message that cannot be told, of {record.pathname}:{record.lineno}"


class _Sender(logging.Handler):
    """Sends each record as facts that pickle, whatever it was given."""

    def __init__(self, send: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._send = send

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._send(LOGGED, _facts(record))
        except Exception:  # noqa: BLE001 - as every handler: a log line that fails must not fail the work
            self.handleError(record)


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    plain = {
        name: value if isinstance(value, str | int | float | None) else repr(value)
        for name, value in record.__dict__.items()
        if name not in ("args", "exc_info", "msg")
    }
    facts: dict[str, Any] = {**plain, "msg": message_of(record), "args": None, IDS: current_ids()}
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        facts["exc_text"] = logging.Formatter().formatException(record.exc_info)
        facts[FAILURE] = plain_error(describe(error))
    return facts
