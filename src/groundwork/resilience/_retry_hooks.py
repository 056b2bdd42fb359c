"""What a retry tells while it works.

Rule: a hook listens; whatever it does, the call goes on as if nobody did.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

_log = logging.getLogger("groundwork.resilience")
Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class RetryAttempt:
    """An attempt that failed, and what follows.

    Attributes:
        name: What was called, as ``module.function`` says it; ``block`` in the form of a loop.
        number: Which attempt this was, from 1.
        error: Why it failed.
        seconds: Time since the first attempt began.
        wait_s: Seconds until the next attempt, or None if there is none.
        stopped: Why there is none, in words, or None.
    """

    name: str
    number: int
    error: Exception
    seconds: float
    wait_s: float | None
    stopped: str | None


class RetryHook(Protocol):
    """A function that is told of each failed attempt that a policy retries or gives up on."""

    def __call__(self, attempt: RetryAttempt, /) -> Any:
        """Listen; called before the wait, in the caller's thread or task, so it should be quick.

        Args:
            attempt: What failed, and what follows.
        """
        ...


def tell(hook: Callable[[Record], Any] | None, record: Record) -> None:
    """Give a record to a hook, if there is one.

    Args:
        hook: The listener; if it raises, that is logged as an error of ``groundwork.resilience`` and goes no further.
        record: What happened.
    """
    if hook is None:
        return
    try:
        hook(record)
    except Exception:  # noqa: BLE001 - the call that a hook listens to must not fail because of the hook
        _log.exception("the hook %r failed on %r", hook, record)
