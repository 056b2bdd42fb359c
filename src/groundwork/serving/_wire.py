"""What goes over ASGI: types, the request's body with its bounds, the response.

Rule: nothing that a client sends is kept beyond a bound that we set: bytes, seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, NamedTuple, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class ClientGone(Exception):
    """The client left before its answer; there is nobody to send anything to."""


class BodyTooLarge(Exception):
    """The body exceeds its bound."""


class Response(NamedTuple):
    """A whole answer."""

    body: bytes
    status: int = 200
    content_type: bytes = b"application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send, *, with_body: bool = True) -> None:
        """Send it; without its body in answer to HEAD."""
        head = [(b"content-type", self.content_type), (b"content-length", b"%d" % len(self.body)), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": head})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})


class Request(NamedTuple):
    """A request: headers by lower-case name, query by name, and where its body comes from."""

    headers: Mapping[bytes, bytes]
    query: Mapping[str, str]
    receive: Receive
    arrived: float
    """The loop's time at which it arrived."""
    name: str | None = None
    """What the path names, as a model."""


async def read_body(request: Request, max_bytes: int, timeout_s: float) -> bytes:
    """Read the body.

    Args:
        request: Whose body.
        max_bytes: Bound of its size; a declared length beyond it is refused before anything is read.
        timeout_s: Bound of the time from now to its last byte.

    Returns:
        The bytes.

    Raises:
        BodyTooLarge: It is larger, by its declaration or in fact.
        ClientGone: The client left before the end.
        TimeoutError: The last byte came too late.
    """
    declared = request.headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > max_bytes:
        raise BodyTooLarge
    async with asyncio.timeout(timeout_s):
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part = message.get("body", b"")
            size += len(part)
            if size > max_bytes:
                raise BodyTooLarge
            parts.append(part)
            more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
