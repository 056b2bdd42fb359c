"""Many URLs, over pooled connections, without drowning anybody.

Rule: one result for each URL, whatever happens to it, and no task or connection left when a call ends.
Cost: see docs/concurrency.md.
"""

import math
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sized
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from groundwork.concurrency._arguments import check_count, check_number
from groundwork.concurrency._fetched import Fetched, FetchProgress
from groundwork.concurrency._fetcher import Fetcher, Settings, file_name
from groundwork.concurrency._map import stream_outcomes
from groundwork.concurrency._workers import Source, check
from groundwork.errors import DeadlineExceeded, RateLimited, TransientError
from groundwork.resilience import BreakerRegistry, Retry

if TYPE_CHECKING:
    import aiohttp

StrPath = str | os.PathLike[str]
_IN_MEMORY = 64 << 20


class FetchOptions(TypedDict, total=False):
    """What ``fetch_all`` and ``fetch_stream`` take by name.

    Attributes:
        per_host: Requests under way together to one host and port; 16.
        timeout_s: For one attempt, from its connection to the end of its body; 30.
        deadline_s: For all together, from the first turn on. What has not ended by then fails with
            ``DeadlineExceeded``, and what has stays. No bound by default.
        retry: Tries again; ``Retry()`` by default, 3 attempts for what may pass: no connection, a lost one, 408, 425,
            429, 500, 502, 503, 504, the time of one attempt. A ``Retry-After`` is obeyed.
        breakers: One for each host; of this call alone by default. An open one refuses its host's URLs at once.
        max_bytes: A longer body is an error. By default 64 MiB in memory, and no bound on disk.
        folder: Stream the bodies into files there, each whole or not at all; into memory by default.
        name: Says what the file of a URL is called. By default the last part of its path, with a hash of the URL
            before the suffix, so that two never share one.
        headers: Sent with each request.
        progress: Called after each URL and each MiB; must not block.
        session: Used and left open, and its connector bounds the connections too; by default one is made.
    """

    per_host: int
    timeout_s: float
    deadline_s: float | None
    retry: Retry | None
    breakers: BreakerRegistry | None
    max_bytes: int | None
    folder: StrPath | None
    name: Callable[[str], str] | None
    headers: Mapping[str, str] | None
    progress: Callable[[FetchProgress], None] | None
    session: "aiohttp.ClientSession | None"


async def fetch_all(urls: Source[str], limit: int = 64, **options: Unpack[FetchOptions]) -> list[Fetched]:
    """Get URLs, at most ``limit`` at a time, and say of each what came of it.

    Args:
        urls: http or https; read lazily, asynchronous iterables too.
        limit: Requests under way together, at least 1.
        **options: See ``FetchOptions``.

    Returns:
        One result for each URL, in order. A failure is in its result, and raises nothing.

    Raises:
        UsageError: The limit is below 1.
        ConfigurationError: Another number that leaves nothing.
    """
    async with aclosing(fetch_stream(urls, limit, ordered=True, **options)) as stream:
        return [fetched async for fetched in stream]


def fetch_stream(
    urls: Source[str], limit: int = 64, *, ordered: bool = False, **options: Unpack[FetchOptions]
) -> AsyncGenerator[Fetched, None]:
    """Get URLs as ``fetch_all`` does and give each result when it is there, for ``async for``.

    A slow reader slows the fetching down: at most four times ``limit`` URLs were begun and not taken.

    Args:
        urls: http or https; read lazily, asynchronous iterables too.
        limit: Requests under way together, at least 1.
        ordered: In the order of ``urls``; False for as completed.
        **options: See ``FetchOptions``.

    Returns:
        An asynchronous generator; leave it early as ``map_stream`` says.

    Raises:
        UsageError: The limit is below 1.
        ConfigurationError: Another number that leaves nothing.
    """
    return _stream(urls, _settings(limit, **options), ordered)


def _settings(
    limit: int,
    *,
    per_host: int = 16,
    timeout_s: float = 30.0,
    deadline_s: float | None = None,
    retry: Retry | None = None,
    breakers: BreakerRegistry | None = None,
    max_bytes: int | None = None,
    folder: StrPath | None = None,
    name: Callable[[str], str] | None = None,
    headers: Mapping[str, str] | None = None,
    progress: Callable[[FetchProgress], None] | None = None,
    session: "aiohttp.ClientSession | None" = None,
) -> Settings:
    check(limit)
    check_count("per_host", per_host)
    check_number("timeout_s", timeout_s, above=True)
    for number, value in {"deadline_s": deadline_s, "max_bytes": max_bytes}.items():
        if value is not None:
            check_number(number, value, above=True)
    retry = retry or Retry()
    if retry.attempt_timeout_s is None:
        retry = replace(retry, attempt_timeout_s=timeout_s)
    most: float = (_IN_MEMORY if folder is None else math.inf) if max_bytes is None else max_bytes
    return Settings(
        limit=limit,
        per_host=per_host,
        deadline_s=deadline_s,
        retry=retry,
        # Not `or`: a registry that holds no breaker yet is false.
        breakers=BreakerRegistry(on=_is_fault) if breakers is None else breakers,
        max_bytes=most,
        folder=None if folder is None else Path(folder),
        name=name or file_name,
        headers=headers or {},
        progress=progress,
        session=session,
    )


def _is_fault(error: Exception) -> bool:
    # A host that says when to come back is well, and 404 is an answer.
    return isinstance(error, TransientError | DeadlineExceeded) and not isinstance(error, RateLimited)


async def _stream(urls: Source[str], settings: Settings, ordered: bool) -> AsyncGenerator[Fetched, None]:
    import aiohttp  # late: a third of a second

    total = len(urls) if isinstance(urls, Sized) else None
    limit, session = settings.limit, settings.session
    async with AsyncExitStack() as stack:
        if session is None:
            connector = aiohttp.TCPConnector(limit=limit, limit_per_host=settings.per_host)
            made = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
            session = await stack.enter_async_context(made)
        fetch = Fetcher(settings, session, total).fetch
        # Some beyond the limit, so that those who wait for one slow host do not hold the others' places.
        outcomes = stream_outcomes(fetch, urls, 2 * limit, ordered=ordered, errors="raise", window=4 * limit)
        async with aclosing(outcomes):
            async for _, fetched in outcomes:
                yield fetched
