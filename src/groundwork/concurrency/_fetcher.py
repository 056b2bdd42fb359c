"""How one URL is fetched: slots, retry, breaker, deadline, and where its body goes.

Rule: a request begins when its host has a slot free, then the whole has; who waits for a slot or for the next attempt
holds none. A file appears whole or not at all.
"""

import asyncio
import hashlib
import math
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from groundwork.concurrency._fetched import Fetched, FetchProgress, status_error
from groundwork.errors import (
    DeadlineExceeded,
    MLException,
    PathEscapeError,
    TransientError,
    UsageError,
    WorldError,
    first_line,
)
from groundwork.resilience import BreakerRegistry, Retry, deadline
from groundwork.storage import atomic_write

if TYPE_CHECKING:
    import aiohttp
    import yarl

_ERROR_BODY = 64 << 10
_TELL_EVERY = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """How to fetch; what ``fetch_all`` takes, with nothing left open."""

    limit: int
    per_host: int
    deadline_s: float | None
    retry: Retry
    breakers: BreakerRegistry
    max_bytes: float
    folder: Path | None
    name: Callable[[str], str]
    headers: Mapping[str, str]
    progress: Callable[[FetchProgress], None] | None
    session: "aiohttp.ClientSession | None"


def file_name(url: str) -> str:
    """Return a file name for a URL: safe on every system, and another one for every other URL.

    Args:
        url: Which.
    """
    last = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    stem, dot, suffix = re.sub(r"[^\w.-]+", "_", last, flags=re.ASCII).strip("._")[-80:].rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    mark = hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{stem or 'index'}-{mark}{dot}{suffix}"


class _Slots(asyncio.Semaphore):
    users = 0


class Fetcher:
    """Fetches URLs one at a time for each caller; for one event loop.

    Args:
        settings: How.
        session: What sends the requests.
        total: How many URLs there are, if that is known.
    """

    def __init__(self, settings: Settings, session: "aiohttp.ClientSession", total: int | None) -> None:
        import aiohttp

        self._settings, self._session, self._total = settings, session, total
        self._untimed = aiohttp.ClientTimeout(total=None, sock_connect=None)
        self._slots = asyncio.Semaphore(settings.limit)
        self._hosts: defaultdict[str, _Slots] = defaultdict(lambda: _Slots(settings.per_host))
        self._time = asyncio.get_running_loop().time
        self._ends_at = math.inf if settings.deadline_s is None else self._time() + settings.deadline_s
        self._done = self._failed = self._received = self._told = 0

    async def fetch(self, url: str) -> Fetched:
        """Fetch one URL; failures are in what is returned.

        Args:
            url: Which.
        """
        begun = self._time()
        call = _Call(url)
        try:
            call.parsed, host = _parsed(url)
            left_s = self._ends_at - begun
            if left_s == math.inf:
                await self._attempts(call, host)
            elif left_s > 0:
                async with deadline(left_s):
                    await self._attempts(call, host)
            else:
                raise DeadlineExceeded(f"{url}: its turn came after the deadline", context={"url": url})
        except MLException as error:
            call.error = error
        self._done += 1
        self._failed += call.error is not None
        self._tell()
        path = None if call.error else call.path
        body = b"" if path else call.body
        return Fetched(url, call.status, call.headers, body, path, call.error, call.attempts, self._time() - begun)

    async def _attempts(self, call: "_Call", host: str) -> None:
        slots = self._hosts[host]
        slots.users += 1
        try:
            async for attempt in self._settings.retry:
                async with slots, self._slots, attempt, self._settings.breakers.get(host):
                    call.attempts += 1
                    await self._request(call)
        finally:
            slots.users -= 1
            if not slots.users:
                del self._hosts[host]

    async def _request(self, call: "_Call") -> None:
        import aiohttp

        call.status, call.headers, call.body = None, {}, b""
        try:
            async with self._session.get(call.parsed, headers=self._settings.headers, timeout=self._untimed) as answer:
                call.status, call.headers = answer.status, answer.headers
                error = status_error(call.url, answer.status, answer.reason, answer.headers)
                if error is not None:
                    call.body = await self._beginning(answer)
                    raise error
                await self._take(call, answer)
        except aiohttp.InvalidURL as error:
            raise _no_url(call.url) from error
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise TransientError(
                f"{call.url}: {first_line(error)}",
                code="unreachable" if isinstance(error, aiohttp.ClientConnectorError) else "connection_lost",
                context={"url": call.url},
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise WorldError(f"{call.url} cannot be fetched: {first_line(error)}", context={"url": call.url}) from error

    async def _take(self, call: "_Call", answer: "aiohttp.ClientResponse") -> None:
        if (answer.content_length or 0) > self._settings.max_bytes:
            raise self._too_large(call)
        if self._settings.folder is None:
            call.body = b"".join([piece async for piece in self._pieces(call, answer)])
            return
        path = _path_in(self._settings.folder, self._settings.name(call.url))
        async with atomic_write(path) as file, aclosing(self._pieces(call, answer)) as pieces:
            async for piece in pieces:
                await file.write(piece)
        call.path = path

    async def _pieces(self, call: "_Call", answer: "aiohttp.ClientResponse") -> AsyncGenerator[bytes, None]:
        size = 0
        async for piece in answer.content.iter_any():
            size += len(piece)
            if size > self._settings.max_bytes:
                raise self._too_large(call)
            self._received += len(piece)
            if self._received - self._told >= _TELL_EVERY:
                self._tell()
            yield piece

    async def _beginning(self, answer: "aiohttp.ClientResponse") -> bytes:
        pieces = bytearray()
        async for piece in answer.content.iter_any():
            pieces += piece
            if len(pieces) >= _ERROR_BODY:
                answer.close()  # the rest is not waited for
                break
        self._received += len(pieces)
        return bytes(pieces[:_ERROR_BODY])

    def _too_large(self, call: "_Call") -> WorldError:
        return WorldError(
            f"{call.url}: its body is larger than {self._settings.max_bytes} bytes",
            code="too_large",
            hint="Raise max_bytes, or stream it to disk with folder=.",
            context={"url": call.url},
        )

    def _tell(self) -> None:
        self._told = self._received
        if self._settings.progress is not None:
            self._settings.progress(FetchProgress(self._done, self._failed, self._total, self._received))


class _Call:
    """What is known of one URL so far."""

    __slots__ = ("attempts", "body", "error", "headers", "parsed", "path", "status", "url")

    def __init__(self, url: str) -> None:
        self.url = url
        self.parsed: yarl.URL
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = b""
        self.path: Path | None = None
        self.error: Exception | None = None
        self.attempts = 0


def _parsed(url: Any) -> "tuple[yarl.URL, str]":
    import yarl  # late, like aiohttp, which takes what is parsed here as it is

    try:
        parsed = yarl.URL(url)
    except (ValueError, TypeError) as error:
        raise _no_url(url) from error
    if not parsed.host or parsed.scheme not in ("http", "https"):
        raise _no_url(url)
    return parsed, f"{parsed.scheme}://{parsed.host}:{parsed.port}"


def _no_url(url: Any) -> UsageError:
    return UsageError(f"{url!r} is no http or https URL", hint="Give it whole, as https://host/path.")


def _path_in(folder: Path, name: str) -> Path:
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise PathEscapeError(f"{name!r} is no plain file name", hint="Return a name without folders from name=.")
    return folder / name
