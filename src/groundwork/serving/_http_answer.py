"""The client's side of HTTP/1.1, as far as measuring needs it: where an answer ends, and its status.

Rule: an answer whose head is the same bytes as the one before is recognised by comparing them, so that the generator
costs less than what it measures; any other head is read in full.
"""

from typing import NamedTuple

from groundwork.errors import WorldError

_END = b"\r\n\r\n"


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes
    keeps_alive: bool


class AnswerReader:
    """Cuts answers out of what one connection receives, one request at a time.

    Raises:
        WorldError: From its methods: what arrives is no HTTP/1.1.
    """

    __slots__ = ("_buffer", "_known_head", "_known_size")

    def __init__(self) -> None:
        self._buffer = b""
        self._known_head = b"\0"
        self._known_size = -1

    def is_repeated(self, data: bytes) -> bool:
        """Say whether these bytes are a whole answer with status 200 and the same head as the last such one.

        Args:
            data: What arrived; if this returns False, give it to ``feed``.
        """
        return len(data) == self._known_size and not self._buffer and data.startswith(self._known_head)

    def feed(self, data: bytes) -> Answer | None:
        """Take bytes that arrived.

        Args:
            data: The bytes.

        Returns:
            The answer, if they complete it.
        """
        try:
            return self._fed(data)
        except ValueError as error:  # of a length that is no number
            raise WorldError(f"what answers there is no HTTP/1.1 server: {error}") from error

    def _fed(self, data: bytes) -> Answer | None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        end = buffer.find(_END)
        if end < 0:
            if len(buffer) > 2**16:
                raise WorldError("what answers there sends a head without end; it is no HTTP/1.1 server")
            return None
        head, start = buffer[:end], end + len(_END)
        status, headers = _parsed(head)
        if status == 100:
            self._buffer = b""
            return self.feed(buffer[start:])
        keeps_alive = headers.get(b"connection", b"").lower() != b"close" and not head.startswith(b"HTTP/1.0")
        if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
            body = _unchunked(buffer, start)
        elif b"content-length" in headers:
            size = int(headers[b"content-length"])
            body = buffer[start : start + size] if len(buffer) >= start + size else None
            if body is not None and status == 200 and keeps_alive:
                self._known_head, self._known_size = buffer[:start], start + size
        else:
            return None  # it ends with the connection, see at_end
        if body is None:
            return None
        self._buffer = b""
        return Answer(status, body, keeps_alive)

    def at_end(self) -> Answer | None:
        """Return the answer that the end of the connection completes, if there is one."""
        end = self._buffer.find(_END)
        if end < 0:
            return None
        status, headers = _parsed(self._buffer[:end])
        if b"content-length" in headers or b"transfer-encoding" in headers:
            return None
        return Answer(status, self._buffer[end + len(_END) :], keeps_alive=False)


def _parsed(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = head.split(b"\r\n")
    parts = first.split(b" ", 2)
    if len(parts) < 2 or not parts[0].startswith(b"HTTP/1.") or not parts[1].isdigit():
        raise WorldError(f"what answers there is no HTTP/1.1 server; it sent {first[:40]!r}")
    pairs = (line.partition(b":") for line in lines)
    return int(parts[1]), {name.lower(): value.strip() for name, _, value in pairs}


def _unchunked(buffer: bytes, at: int) -> bytes | None:
    """Return the body whose first chunk begins at ``at``, or None while it is not whole."""
    parts: list[bytes] = []
    while True:
        line_end = buffer.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(buffer[at:line_end].split(b";")[0], 16)
        start = line_end + 2
        if size == 0:
            return b"".join(parts) if buffer.find(b"\r\n", start) >= 0 else None
        if len(buffer) < start + size + 2:
            return None
        parts.append(buffer[start : start + size])
        at = start + size + 2
