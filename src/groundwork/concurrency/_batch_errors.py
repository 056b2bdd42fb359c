"""What a batcher says to a caller whose items it does not take, or gives up.

Rule: a mistake of the caller is a ``UsageError`` that says what to do; time that ran out is ``DeadlineExceeded``.
"""

from math import isnan

from groundwork.errors import DeadlineExceeded, UsageError


def check_call(done: object, deadline_s: object) -> None:
    """Refuse a call that nobody could be told the end of, or whose time is no number.

    Args:
        done: What is to be called with the outcome.
        deadline_s: How long the caller waits.

    Raises:
        UsageError: It cannot be called, or is no number of seconds.
    """
    # None in a group means that its call has ended.
    if not callable(done):
        raise UsageError(f"done is {done!r}, which cannot be called", hint="Pass a function of the outcome.")
    if deadline_s is not None and (not isinstance(deadline_s, int | float) or isnan(deadline_s)):
        raise UsageError(f"deadline_s is {deadline_s!r}; it must be a number of seconds", hint="None sets no limit.")


def misfit(rows: int, max_size: int) -> UsageError:
    """Return the error of an item that is in no batch.

    Args:
        rows: How many it has.
        max_size: How many a batch holds.
    """
    if rows < 1:
        return UsageError(f"an item of {rows} rows", hint="Post items of at least one row.")
    return UsageError(f"an item of {rows} rows; a batch holds {max_size}", hint="Split it first.")


def deadline_exceeded() -> DeadlineExceeded:
    """Return the error of a call whose time has run out."""
    return DeadlineExceeded(
        "the deadline passed before the model answered", hint="Allow more time, or send fewer rows."
    )
