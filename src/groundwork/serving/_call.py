"""What goes between a connection and the core: one call, one answer, and the way to take a call back.

Rule: no task, no future. Whoever has a whole request hands it to ``begin`` with a callback; the callback comes exactly
once, now or later, unless the call was taken back before.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeAlias


class Call:
    """A whole request.

    Attributes:
        method: As sent.
        path: Without its query, percent-decoded.
        query: What follows the ``?``, as sent.
        headers: By lower-case name; of repeated ones the last.
        body: All of it.
        peer: The client's address without its port; empty where there is none.
        arrived: The loop's time at which its first byte came; deadlines count from here.
        started: ``perf_counter`` at the same moment; latencies count from here, since a loop's clock may tick in whole
            milliseconds.
    """

    __slots__ = ("arrived", "body", "headers", "method", "path", "peer", "query", "started")

    def __init__(
        self,
        method: str,
        path: str,
        query: bytes,
        headers: Mapping[bytes, bytes],
        body: bytes,
        peer: str,
        arrived: float,
        started: float,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
        self.arrived = arrived
        self.started = started


class Response(NamedTuple):
    """A whole answer."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()


Done: TypeAlias = Callable[[Response], None]


class Handle(Protocol):
    """A call under way."""

    def cancel(self) -> None:
        """Take it back: the client left. Rows that no batch has taken never reach the model; no answer comes."""
        ...


class Application(Protocol):
    """What a connection asks: the core, or a stand-in for it."""

    def begin(self, call: Call, done: Done) -> Handle | None:
        """Answer a call.

        Args:
            call: Whole.
            done: Called with the answer, exactly once, on the loop; possibly before this returns.

        Returns:
            The call under way, or None when it has been answered.
        """
        ...

    def preview(self, call: Call) -> Response | float:
        """Look at a call whose body did not come with its headers and is still empty.

        Args:
            call: Its body to come.

        Returns:
            What it is refused with, whatever its body will be; or how many seconds from its arrival the body may take.
        """
        ...

    def fault(self, call: Call | None, status: int) -> Response:
        """Return the answer to a request that broke off before it was whole.

        Args:
            call: As far as it came; None before the end of its headers.
            status: 400 no HTTP, 408 too slow, 413 too large a body, 417 an unknown expectation, 431 too large a head,
                503 too many connections, 505 another HTTP.

        Returns:
            A problem document; the request has been counted.
        """
        ...
