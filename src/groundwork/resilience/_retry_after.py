"""The HTTP header ``Retry-After``.

Rule: what the other side wrote is data; what cannot be read is no answer, and no error of ours.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks to wait, for ``RateLimited(…, retry_after_s=…)``.

    Args:
        value: The header: a number of seconds, or a date; None if there was none.
        now: The present moment, from which a date is counted; the system's if None.

    Returns:
        Seconds, 0 or more; None if there was no header, or nothing that can be read.

    Source:
        RFC 9110, section 10.2.3.
    """
    text = "" if value is None else value.strip()
    # Fractions are not in the standard, and are sent all the same.
    if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,15})?", text, re.ASCII):
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
