"""Where a run's log goes: beside its results, or to standard error for whoever collects it."""

import sys
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from groundwork.resilience import Event, LogSetup, Observer


class LogFormat(StrEnum):
    """Formats of a log."""

    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    """Least severity that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class RunLog:
    """Logs from its beginning to its end as a context; observes the run in between.

    Args:
        runs: Folder of runs; the run's own ``log.jsonl`` gets the records.
        level: Least severity.
        format: Log to standard error in this format instead, or None.
    """

    def __init__(self, runs: Path, level: LogLevel, format: LogFormat | None) -> None:  # noqa: A002 - as the option
        self._runs = runs
        self._level = level
        self._format = format
        self._setup: LogSetup | None = None
        self._warnings: logging.Handler | None = None

    def __enter__(self) -> "RunLog":
        from groundwork.resilience import configure_logging

        if self._format is not None:
            self._setup = configure_logging(self._level, format=self._format.value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        import logging

        if self._setup is not None:
            self._setup.close()
        if self._warnings is not None:
            logging.getLogger().removeHandler(self._warnings)

    def __call__(self, event: "Event", /) -> None:
        """Log an event; the first opens the run's own log.

        Args:
            event: What happened.
        """
        from groundwork.resilience import log_events

        if self._setup is None:
            self._open(self._runs / event.run / "log.jsonl")
        log_events(event)

    def _open(self, path: Path) -> None:
        import logging

        from groundwork.errors import ConfigurationError
        from groundwork.resilience import configure_logging

        try:
            self._setup = configure_logging(self._level, to=path)
        except ConfigurationError as error:
            self._setup = configure_logging("WARNING", format="text")
            logging.getLogger("groundwork.cli").warning(
                "%s cannot be written, the log goes here: %s", path, error.__cause__
            )
            return
        # Without a configured log they would be on the terminal, and there they stay; the screen has the pipeline's.
        self._warnings = logging.StreamHandler()
        self._warnings.setLevel(logging.WARNING)
        self._warnings.addFilter(lambda record: record.name != "groundwork.pipeline")
        logging.getLogger().addHandler(self._warnings)


def tracing() -> "list[Observer]":
    """Return the observer that makes spans, if this process was started under OpenTelemetry's SDK."""
    if "opentelemetry.sdk" not in sys.modules:
        return []
    from groundwork.resilience import otel_observer

    return [otel_observer()]
