"""One client's connection: uvicorn's, with bounds on what comes before a request's body.

Rule: a client that connects and says nothing, or never ends its headers, holds a socket for ``header_timeout_s`` and
``max_header_bytes`` of memory, no more. Cost: one timer for each connection, and for each request whose headers do not
come in one piece.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_ANSWERS = {408: b"Request Timeout", 431: b"Request Header Fields Too Large"}


class BoundedConnection(HttpToolsProtocol):
    """A connection whose headers are bounded in time and size.

    Attributes:
        header_timeout_s: Longest time from a request's first byte, or from connecting, to the end of its headers.
        max_header_bytes: Largest request line and headers together; what came with them in one read is not counted.
    """

    header_timeout_s = 10.0
    max_header_bytes = 64 * 2**10

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._begun = False
        self._header_bytes = 0
        self._header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, unless the headers grow too large."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._begun:
            self._header_bytes += len(data)
            if self._header_bytes > self.max_header_bytes:
                self._refuse(431)
                return
        if self._header_timer is None and (self._begun or self._answered()):
            self._start_timer()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._begun, self._header_bytes = True, 0

    def on_headers_complete(self) -> None:
        """Its headers are whole; from here on the app has its own bounds."""
        self._begun = False
        self._stop_timer()
        super().on_headers_complete()

    def _answered(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _start_timer(self) -> None:
        self._header_timer = asyncio.get_running_loop().call_later(self.header_timeout_s, self._late)

    def _stop_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _late(self) -> None:
        self._header_timer = None
        if self._begun:
            self._refuse(408)
        else:
            self.transport.close()

    def _refuse(self, status: int) -> None:
        self._stop_timer()
        # Behind an answer that is still being written, a second one would be read as a part of it.
        if self._answered():
            head = b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, _ANSWERS[status])
            self.transport.write(head)
        self.transport.close()


def bounded_connection(header_timeout_s: float, max_header_bytes: int) -> type[BoundedConnection]:
    """Return a kind of connection with these bounds, for uvicorn's ``http``.

    Args:
        header_timeout_s: See ``BoundedConnection``.
        max_header_bytes: See ``BoundedConnection``.

    Returns:
        The class.
    """
    bounds = {"header_timeout_s": header_timeout_s, "max_header_bytes": max_header_bytes}
    return type("BoundedConnection", (BoundedConnection,), bounds)
