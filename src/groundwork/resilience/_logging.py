"""Logs that say which run and step they belong to.

Rule: the standard library's logging, and nothing is configured until ``configure_logging`` is called.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TextIO

from groundwork.errors import ConfigurationError, describe
from groundwork.resilience._events import Event, RunEvent
from groundwork.resilience._log_context import current_ids
from groundwork.resilience._log_relay import FAILURE, IDS, message_of
from groundwork.resilience._result import PipelineStatus, StepResult, StepStatus
from groundwork.resilience._values import plain_error

_STANDARD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", IDS, FAILURE}
_log = logging.getLogger("groundwork.pipeline")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, ids such as run and step, extras, error.

    An error is told by type, message, code, hint and chain of causes, with its traceback as text. What JSON cannot say
    appears as ``repr`` says it, ``nan`` too; a line never fails for its content. An extra whose name is taken gets an
    underscore behind it, as ``level_``.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end.

        Args:
            record: What was logged.
        """
        line: dict[str, Any] = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **_ids(record),
        }
        extras = [(name, value) for name, value in record.__dict__.items() if name not in _STANDARD]
        for name, value in extras:
            # The line's own fields stay what they are; an extra of such a name is told beside it.
            line[f"{name}_" if name in line else name] = value
        error = _error(record)
        if error is not None:
            line["error"] = error
        return json.dumps({name: _sayable(value) for name, value in line.items()})


class _TextFormatter(logging.Formatter):
    """The same for people, one line a record: time, level, run/step, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback where there is one.

        Args:
            record: What was logged.
        """
        ids = "/".join(str(value) for value in _ids(record).values())
        line = f"{_time(record)} {record.levelname:<7} {ids + ' ' if ids else ''}{message_of(record)}"
        text = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        return f"{line}\n{text}" if text else line


# What is installed, the latest last, and the root logger's level before the first.
_open: "list[LogSetup]" = []
_before: list[int] = []


class LogSetup:
    """What ``configure_logging`` has installed; ``close()``, or the end of a ``with``, takes it away again.

    Args:
        handler: The handler on the root logger.
        level: The root logger's level while it is there.
        to: Where the handler writes. What was installed for the same place before is closed, or each record would be
            there twice.
    """

    def __init__(self, handler: logging.Handler, level: int, to: object) -> None:
        self._handler = handler
        self._level = level
        self._to = to
        for setup in [setup for setup in _open if _same(setup._to, to)]:
            setup.close()
        root = logging.getLogger()
        if not _open:
            _before.append(root.level)
        _open.append(self)
        root.addHandler(handler)
        root.setLevel(level)

    def close(self) -> None:
        """Remove the handler and set the level back; a second call does nothing.

        In whatever order several are closed, the level is that of the latest still open, and in the end the first.
        """
        if self not in _open:
            return
        _open.remove(self)
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(_open[-1]._level if _open else _before.pop())
        self._handler.close()

    def __enter__(self) -> "LogSetup":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _LineFile(logging.Handler):
    """Appends each record with one write, so that lines of several processes do not mix."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(path, flags, 0o666)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            os.write(self._descriptor, self.format(record).encode(errors="backslashreplace") + b"\n")
        except Exception:  # noqa: BLE001 - as every handler: a full disk must not fail the work that logs
            self.handleError(record)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        super().close()


def configure_logging(
    level: str = "INFO",
    *,
    format: Literal["json", "text"] = "json",  # noqa: A002 - as logging calls it
    to: TextIO | str | os.PathLike[str] | None = None,
) -> LogSetup:
    """Send the records of all loggers somewhere, with the ids of run and step; for programs, never for libraries.

    Args:
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL, in any case.
        format: ``json`` for programs, one object a line; ``text`` for people.
        to: A text stream, or a file to append to; standard error if None.

    Returns:
        What was installed; closing it restores the state before. A second one for the same place replaces the first.

    Raises:
        ConfigurationError: No such level or format, or the file cannot be opened.
    """
    levels = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    if level.upper() not in levels:
        raise ConfigurationError(f"log level {level!r} does not exist; take one of {', '.join(levels)}")
    formatters: dict[str, type[logging.Formatter]] = {"json": JsonFormatter, "text": _TextFormatter}
    if format not in formatters:
        raise ConfigurationError(f"log format {format!r} does not exist; take json or text")
    handler, place = _handler(sys.stderr if to is None else to)
    handler.setFormatter(formatters[format]())
    return LogSetup(handler, logging.getLevelNamesMapping()[level.upper()], place)


def _handler(to: Any) -> tuple[logging.Handler, object]:
    """Return what writes to a file or stream, and by what one knows the same place again."""
    if isinstance(to, str | os.PathLike):
        path = Path(to)
        try:
            return _LineFile(path), path.resolve()
        except OSError as error:
            raise ConfigurationError(
                f"the log {path} cannot be opened: {error}", hint="make its folder first, or give another file"
            ) from error
    if not hasattr(to, "write"):
        raise ConfigurationError(f"a log cannot go to {to!r}; give a path or a text stream")
    return logging.StreamHandler(to), to


def _same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, Path) and one == other)


def log_events(event: Event) -> None:
    """Observe a pipeline by logging its events; give it to ``Pipeline(observers=[log_events])``.

    A failure that ends the run is an ERROR, one that the run survives a WARNING, the rest is INFO, all of the logger
    ``groundwork.pipeline``.

    Args:
        event: What happened.
    """
    if isinstance(event, RunEvent):
        level = logging.INFO if event.status is not PipelineStatus.FAILURE else logging.ERROR
        started = event.status is PipelineStatus.RUNNING
        message = "run started" if started else f"run ended: {event.status}"
        _log.log(level, message, extra={"status": str(event.status), "seconds": event.seconds})
        return
    step = event.step
    facts = {"status": str(step.status), "seconds": step.seconds, "attempts": step.attempts, "reused": step.reused}
    _log.log(_level(step, event.optional), _words(step), extra={**facts, FAILURE: step.error})


def _level(step: StepResult, optional: bool) -> int:
    if step.error is None:
        return logging.INFO
    return logging.ERROR if step.status is StepStatus.FAILED and not optional else logging.WARNING


def _words(step: StepResult) -> str:
    told = f": {step.error['message']}" if step.error else ""
    if step.status is StepStatus.RUNNING:
        return (
            f"attempt {step.attempts} of step {step.name} failed{told}" if step.error else f"step {step.name} started"
        )
    how = "was done before" if step.reused else f"ended: {step.status}{told}"
    return f"step {step.name} {how}"


def _sayable(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return repr(value)
    return value


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ids(record: logging.LogRecord) -> dict[str, str]:
    # A record of another process brings the ids that held there.
    ids: dict[str, str] = record.__dict__.get(IDS) or current_ids()
    return ids


def _error(record: logging.LogRecord) -> dict[str, Any] | None:
    told: dict[str, Any] | None = record.__dict__.get(FAILURE)
    text = record.exc_text
    if record.exc_info and record.exc_info[1] is not None:
        told = plain_error(describe(record.exc_info[1]))
        text = text or logging.Formatter().formatException(record.exc_info)
    if told is None:
        return None
    return {**told, "traceback": text} if text else told
