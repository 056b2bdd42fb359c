"""Requests of a client, over connections that are kept.

Rule: a request is answered, is tried again as ``Retry`` says, or fails with its reason; the time that is left for it
goes with it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from groundwork.errors import MLException, RetryExhausted, TransientError, WorldError
from groundwork.resilience import Retry, deadline, deadline_header
from groundwork.serving._client_errors import error_of

if TYPE_CHECKING:
    import aiohttp


class Reply(NamedTuple):
    """What a server sent with a status below 400."""

    headers: Mapping[str, str]
    body: bytes


class ServerSession:
    """A server, and how it is asked.

    Args:
        url: Where it is.
        headers: Of each request.
        timeout_s: Longest time for a call, retries included.
        retry: When to try again.
        connections: How many requests may be under way at once.
        verify: Whether a TLS certificate must be one that this machine trusts.

    Attributes:
        url: Where it is.
        headers: Of each request.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], *, timeout_s: float, retry: Retry, connections: int, verify: bool
    ) -> None:
        self.url = url
        self.headers = headers
        self._timeout_s = timeout_s
        self._retry = retry
        self._connections = connections
        self._verify = verify
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Send a request until it is answered, or may be tried no more.

        Args:
            method: Of the request.
            path: After the address.
            body: What is sent.
            headers: Beside those of each request.

        Returns:
            The answer.

        Raises:
            MLException: Why there is none.
        """
        try:
            async with deadline(self._timeout_s):
                return cast("Reply", await self._retry.call(self._send, method, path, body, headers or {}))
        except RetryExhausted as exhausted:
            # The caller asked one thing; what it needs to know is why there is no answer.
            if not isinstance(exhausted.__cause__, MLException):
                raise
            if exhausted.attempts > 1:
                exhausted.__cause__.add_note(f"after {exhausted.attempts} attempts in {exhausted.seconds:.2f} s")
            raise exhausted.__cause__ from None

    async def document(self, path: str) -> dict[str, Any]:
        """Return what a path has to say, in JSON."""
        reply = await self.call("GET", path)
        try:
            return msgspec.json.decode(reply.body, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise stranger(self.url, reply.body) from error

    async def healthy(self, path: str) -> bool:
        """Say whether a path answers with success; asked once."""
        try:
            async with deadline(self._timeout_s):
                await self._send("GET", path, b"", {})
        except WorldError:
            return False
        return True

    async def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        import aiohttp  # late: a third of a second that a server does not need

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._verify),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                headers=self.headers,
            )
        url = self.url + path
        try:
            sent = {**headers, **deadline_header()}
            async with self._session.request(method, url, data=body or None, headers=sent) as answer:
                content = await answer.read()
        except aiohttp.ClientConnectorError as error:
            raise TransientError(
                f"nothing answers on {self.url}: {error.os_error.strerror or error}",
                code="unreachable",
                hint="Start the server first, as by groundwork serve, or mend the address.",
                context={"url": url},
            ) from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise TransientError(
                f"the connection to {self.url} was lost before its answer: {error or type(error).__name__}",
                code="connection_lost",
                hint="The server may have been stopped; its log says more.",
                context={"url": url},
            ) from error
        except aiohttp.ClientError as error:
            raise WorldError(f"{url} cannot be asked: {error or type(error).__name__}") from error
        if answer.status >= 400:
            raise error_of(answer.status, answer.headers, content, url)
        return Reply(answer.headers, content)


def stranger(url: str, body: bytes) -> WorldError:
    """Return the error of an answer that no inference server gives.

    Args:
        url: Where it came from.
        body: Of the answer.
    """
    return WorldError(
        f"what answers on {url} is no such server; it sent {body[:60]!r}", hint="Give the address of groundwork serve."
    )
