"""From bytes to requests: HTTP/1.1 over httptools, with the bounds on what a request may be.

Rule: strict. What two readers could read in two ways is refused, so that nothing can be smuggled past a proxy; what is
too large is refused as soon as that is known. Cost: one object a request.

A client mostly sends the same head each time. A request whose head equals, byte for byte, the last one that came in one
piece is not parsed again.
"""

from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import unquote

import httptools

from groundwork.serving._turn import Turn


class _Memo(NamedTuple):
    """A head that has been parsed, of a request that came in one piece."""

    head: bytes
    head_bytes: int
    length: int
    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]


class _NobodysError(Exception):
    """Something comes after the last request of a connection."""


class RequestParser:
    """Reads the requests of one connection.

    Args:
        max_header_bytes: Largest request line and headers together.
        max_body_bytes: Largest body.
        time: The loop's.

    Attributes:
        whole: Requests that have come to their end, for someone to take.
        partial: The one that has begun and not ended, or None.
        has_head: Whether the headers of that one are whole.
        peer: The client's address, which each request is given.
        deaf: Nothing is read any more: the last request of the connection has come, or what came was no request.
    """

    def __init__(self, max_header_bytes: int, max_body_bytes: int, time: Callable[[], float]) -> None:
        self.whole: deque[Turn] = deque()
        self.partial: Turn | None = None
        self.has_head = False
        self.peer = ""
        self.deaf = False
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._time = time
        self._parser: Any = httptools.HttpRequestParser(self)
        self._memo: _Memo | None = None
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: bytes | bytearray = b""
        self._head_bytes = 0
        self._body_bytes = 0
        self._quiet_bytes = 0

    @property
    def has_body(self) -> bool:
        """Whether something of the partial request's body has come."""
        return self._body_bytes > 0

    def known(self, data: bytes) -> Turn | None:
        """Return the request that some bytes are, if they are one whole request with a head that is known already."""
        memo = self._memo
        if memo is None or len(data) != memo.length or not data.startswith(memo.head) or self.partial or self.deaf:
            return None
        turn = Turn(
            memo.method,
            memo.path,
            memo.query,
            memo.headers,
            data[memo.head_bytes :],
            self.peer,
            self._time(),
            perf_counter(),
        )
        turn.fault = 0
        turn.keeps = True
        turn.old = False
        turn.refusal = None
        return turn

    def feed(self, data: bytes) -> int:
        """Read bytes; requests that end in them are added to ``whole``.

        Args:
            data: What came.

        Returns:
            The status with which the connection is to be broken off, or 0.
        """
        if self.deaf:
            return 0
        earlier, before = self.partial, len(self.whole)
        status = self._feed(data)
        turn = self.partial
        if turn is not None:
            # Whatever brings no body is counted: a head, but a trailer or a chunk's extension as well. Where an earlier
            # request ended in the same bytes, only what has been told of this one is its own.
            if self._quiet_bytes < 0:
                self._quiet_bytes = 0
            else:
                self._quiet_bytes += len(data) if len(self.whole) == before else self._head_bytes
            if self._quiet_bytes > self._max_header_bytes:
                status = status or 431
            status = status or turn.fault
        elif earlier is None and not status and len(self.whole) == before + 1:
            self._remember(data, self.whole[-1])
        return status

    def close(self) -> None:
        """Let go of the parser, which holds this object: a circle that only the garbage collector would break."""
        self.deaf = True
        self.partial = None
        self.whole.clear()
        self._parser = None

    def blank(self) -> Turn:
        """Return a request of which nothing is known."""
        turn = Turn("", "", b"", {}, b"", self.peer, self._time(), perf_counter())
        turn.fault = 0
        turn.keeps = True
        turn.old = False
        turn.refusal = None
        return turn

    def on_message_begin(self) -> None:
        """A request begins; after the last one this ends the reading."""
        if self.deaf:
            raise _NobodysError
        self.partial = self.blank()
        self.has_head = False
        self._url = b""
        self._headers = []
        self._body = b""
        self._head_bytes = self._body_bytes = self._quiet_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the target comes."""
        self._url += url
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header comes; what comes after the body, as a trailer, is dropped."""
        if not self.has_head:
            self._headers.append((name.lower(), value))
            self._head_bytes += len(name) + len(value) + 4

    def on_headers_complete(self) -> None:
        """The head is whole."""
        turn, parser = self.partial, self._parser
        assert turn is not None
        self.has_head = True
        version = parser.get_http_version()
        turn.method = parser.get_method().decode("ascii")
        turn.old = version == "1.0"
        turn.keeps = parser.should_keep_alive()
        turn.headers = headers = dict(self._headers)
        if self._head_bytes > self._max_header_bytes:
            turn.fault = 431
        else:
            turn.fault = _fault(version, self._headers, headers, self._max_body_bytes)
        target = self._url
        if not target.startswith((b"/", b"*")) and turn.method != "CONNECT":
            parsed = httptools.parse_url(target)
            target = (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
        path, _, turn.query = target.partition(b"?")
        turn.path = unquote(path.decode("latin-1"))

    def on_body(self, part: bytes) -> None:
        """A piece of the body comes."""
        self._body_bytes += len(part)
        self._quiet_bytes = -1
        if self._body_bytes > self._max_body_bytes:
            assert self.partial is not None
            self.partial.fault = 413
            self._body = b""
        elif not self._body:
            self._body = part
        else:
            # Small parts, kept one by one, would cost many times their bytes.
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += part

    def on_message_complete(self) -> None:
        """The request is whole."""
        turn, self.partial = self.partial, None
        assert turn is not None
        turn.body = bytes(self._body)
        self._body = b""
        self.whole.append(turn)
        self.deaf = not turn.keeps or turn.fault != 0

    def _feed(self, data: bytes) -> int:
        rest: bytes | memoryview = data
        while True:
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                if self.whole[-1].fault:
                    return 0
                rest = memoryview(rest)[upgrade.args[0] :]
                if not self._decline_upgrade():
                    return 400
            except httptools.HttpParserError:
                # What follows the last request of a connection is nobody's.
                return 0 if self.deaf else 400
            else:
                return 0

    def _decline_upgrade(self) -> bool:
        """Begin to read a request that asks for another protocol as one that does not; False where it cannot be."""
        turn = self.whole.pop()
        if turn.method == "CONNECT":
            return False
        self.deaf = False
        self._parser = httptools.HttpRequestParser(self)
        line = b"%b %b HTTP/1.%d\r\n" % (turn.method.encode(), self._url, 0 if turn.old else 1)
        kept = [b"%b: %b\r\n" % header for header in self._headers if header[0] != b"upgrade"]
        self._parser.feed_data(b"".join([line, *kept, b"\r\n"]))
        return True

    def _remember(self, data: bytes, turn: Turn) -> None:
        if turn.keeps and not turn.old and not turn.fault and b"transfer-encoding" not in turn.headers:
            head_bytes = len(data) - len(turn.body)
            # Blank lines around a request belong to no head.
            if data.find(b"\r\n\r\n") + 4 != head_bytes:
                return
            headers = dict(turn.headers)
            self._memo = _Memo(data[:head_bytes], head_bytes, len(data), turn.method, turn.path, turn.query, headers)


def _fault(version: str, listed: list[tuple[bytes, bytes]], headers: dict[bytes, bytes], max_body_bytes: int) -> int:
    """Return the status of what a head has wrong that the parser lets pass, or 0."""
    if version not in ("1.1", "1.0"):
        return 505
    hosts = sum([name == b"host" for name, _ in listed])
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        return 400
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        codings = sum([name == b"transfer-encoding" for name, _ in listed])
        if version == "1.0" or codings > 1 or coding.lower() != b"chunked":
            return 400
    expectation = headers.get(b"expect")
    if expectation is not None and expectation.lower() != b"100-continue":
        return 417
    # The parser has refused whatever is no number.
    return 413 if int(headers.get(b"content-length", 0)) > max_body_bytes else 0
