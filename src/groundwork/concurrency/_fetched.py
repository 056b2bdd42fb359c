"""What came of asking for a URL, and what a status means.

Rule: decided here, without any network. An answer that may be different next time is a ``TransientError``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from groundwork.errors import MLException, RateLimited, TransientError, WorldError

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one URL.

    Attributes:
        url: As it was given.
        status: The status of the last answer; None if there was none.
        headers: Its headers; names are compared without regard to case.
        body: Its body, unless it went to a file.
        path: The file it went to, or None.
        error: Why there is no good answer, or None. A status of 400 or more is an error; its body is
            kept, up to 64 KiB.
        attempts: Requests that were begun.
        seconds: From its first turn to its end, waits included.
    """

    url: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    path: Path | None = None
    error: Exception | None = None
    attempts: int = 0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether there is a good answer."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a fetch has come.

    Attributes:
        done: URLs that have ended, the failed ones too.
        failed: How many of those failed.
        total: How many there are, or None if the source does not say.
        received: Bytes of bodies, those of failed attempts too.
    """

    done: int
    failed: int
    total: int | None
    received: int


def status_error(url: str, status: int, reason: str | None, headers: Mapping[str, str]) -> MLException | None:
    """Return the error that a status is, or None if it is none.

    Args:
        url: What was asked for.
        status: The status.
        reason: The server's words.
        headers: Of the answer.
    """
    if status < 400:
        return None
    message, code = f"{url} answered {status} {reason or ''}".rstrip(), f"http_{status}"
    context = {"url": url, "status": status}
    if status not in _PASSING:
        return WorldError(message, code=code, context=context)
    kind = RateLimited if status == 429 else TransientError
    return kind(message, code=code, context=context, retry_after_s=retry_after_s(headers.get("Retry-After")))


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` asks to wait; None if it says nothing that can be read.

    Args:
        value: Seconds, or a date.
        now: The present; the system's if None.
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - (now or datetime.now(UTC))).total_seconds())
    return seconds if 0 <= seconds < math.inf else None
