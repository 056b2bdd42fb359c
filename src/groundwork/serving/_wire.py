"""What goes over ASGI: types, the request's body with its bounds, the response.

Rule: nothing that a client sends is kept beyond a bound that we set: bytes, seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias

from groundwork.serving._call import Response

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class ClientGone(Exception):
    """The client left before its answer; there is nobody to send anything to."""


class BodyTooLarge(Exception):
    """The body exceeds its bound."""


async def send_response(send: Send, response: Response, *, with_body: bool = True, close: bool = False) -> None:
    """Send a whole answer.

    Args:
        send: Of the request.
        response: The answer.
        with_body: False in answer to HEAD.
        close: Ask the server to close the connection, because the request was not read to its end.
    """
    body = response.body
    head = [(b"content-type", response.content_type), (b"content-length", b"%d" % len(body)), *response.headers]
    if close:
        head.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": head})
    await send({"type": "http.response.body", "body": body if with_body else b""})


def declared_bytes(headers: Mapping[bytes, bytes]) -> int:
    """Return the length that a request declares of its body; 0 where it declares none that can be read."""
    declared = headers.get(b"content-length", b"0")
    return int(declared) if declared.isdigit() and len(declared) < 20 else 0


async def read_body(receive: Receive, max_bytes: int, timeout_s: float) -> bytes:
    """Read the body.

    Args:
        receive: Of the request.
        max_bytes: Bound of its size.
        timeout_s: Bound of the time from now to its last byte.

    Returns:
        The bytes.

    Raises:
        BodyTooLarge: It is larger.
        ClientGone: The client left before the end.
        TimeoutError: The last byte came too late.
    """
    async with asyncio.timeout(timeout_s):
        parts: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            part = message.get("body", b"")
            size += len(part)
            if size > max_bytes:
                raise BodyTooLarge
            parts.append(part)
            more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)
