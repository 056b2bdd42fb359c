"""Streams of requests as servers and batchers meet them: bursts, gaps, clients that leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from groundwork.errors import UsageError
from groundwork.testing._strategies import strategies as st

_GAPS_S = (0.0, 0.0, 0.001, 0.01, 1.0)  # none at all is what makes a burst
_LEAVES_S = (0.0, 0.001, 0.1)


@dataclass(frozen=True, slots=True)
class Request:
    """One request of a stream.

    Attributes:
        at_s: When it comes, in seconds from the start.
        instances: Its rows.
        leaves_after_s: How long the client waits before it leaves, or None if it stays.
    """

    at_s: float
    instances: tuple[Any, ...]
    leaves_after_s: float | None = None


def request_streams(
    instances: "st.SearchStrategy[Any]", *, min_requests: int = 1, max_requests: int = 20, max_rows: int = 4
) -> st.SearchStrategy[tuple[Request, ...]]:
    """Draw streams of requests, in the order in which they come.

    Args:
        instances: Draws one row.
        min_requests: Least requests.
        max_requests: Most requests.
        max_rows: Most rows of one request; there is one at least.

    Returns:
        The strategy.

    Raises:
        UsageError: The numbers make no sense.
    """
    if not (0 <= min_requests <= max_requests and max_rows >= 1):
        raise UsageError(f"{min_requests} to {max_requests} requests of up to {max_rows} rows cannot be drawn")
    one = st.tuples(
        st.sampled_from(_GAPS_S),
        st.lists(instances, min_size=1, max_size=max_rows),
        st.none() | st.sampled_from(_LEAVES_S),
    )
    return st.lists(one, min_size=min_requests, max_size=max_requests).map(_stream)


def _stream(drawn: Sequence[tuple[float, list[Any], float | None]]) -> tuple[Request, ...]:
    at_s, requests = 0.0, []
    for gap_s, rows, leaves_after_s in drawn:
        at_s += gap_s
        requests.append(Request(at_s, tuple(rows), leaves_after_s))
    return tuple(requests)
