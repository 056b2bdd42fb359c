"""fetch_all against a real server on a real socket."""

import asyncio
import gzip
import math
from collections import Counter
from contextlib import aclosing, asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from groundwork.concurrency import fetch_all, fetch_stream
from groundwork.errors import (
    CircuitOpen,
    ConfigurationError,
    DeadlineExceeded,
    PathEscapeError,
    RateLimited,
    RetryExhausted,
    StorageError,
    TransientError,
    UsageError,
    WorldError,
)
from groundwork.resilience import Backoff, BreakerRegistry, BreakerState, Retry

pytestmark = pytest.mark.integration
MIB = 1 << 20
AT_ONCE = Retry(backoff=Backoff(initial_s=0.0))


class Site:
    """A server that does what a path says, and counts what it is asked."""

    def __init__(self):
        self.url = ""
        self.asked = Counter()
        self.headers = []
        self.under_way = 0
        self.gate = asyncio.Event()

    async def answer(self, request):
        path = request.path
        self.asked[path] += 1
        self.headers.append(request.headers)
        self.under_way += 1
        try:
            return await getattr(self, path.split("/")[1], self.plain)(request)
        finally:
            self.under_way -= 1

    async def plain(self, request):
        return web.Response(text=f"page {request.path}")

    async def held(self, request):
        await self.gate.wait()
        return web.Response(text="at last")

    async def flaky(self, request):
        """Fails the first time."""
        if self.asked[request.path] == 1:
            return web.Response(status=503, text="later", headers={"Retry-After": "0"})
        return web.Response(text="well again")

    async def status(self, request):
        return web.Response(status=int(request.path.split("/")[2]), text="why " * 50_000)

    async def cut(self, request):
        """Promises more than comes."""
        response = web.StreamResponse(headers={"Content-Length": "1000000"})
        await response.prepare(request)
        await response.write(b"beginning")
        request.transport.close()
        return response

    async def large(self, request):
        return web.Response(body=b"x" * 3 * MIB)

    async def endless(self, request):
        """Does not say how long it is."""
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(48):
            await response.write(b"x" * 65536)
        return response

    async def bomb(self, request):
        return web.Response(body=gzip.compress(bytes(64 * MIB)), headers={"Content-Encoding": "gzip"})

    async def moved(self, request):
        raise web.HTTPFound("/there")

    async def lost(self, request):
        raise web.HTTPFound("ftp://elsewhere/")


@asynccontextmanager
async def serving():
    site = Site()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
    finally:
        await runner.cleanup()


def fetched(paths, *arguments, **options):
    """Fetch paths of a new site; also return the site."""

    async def main():
        async with serving() as site:
            return await fetch_all([site.url + path for path in paths], *arguments, **options), site

    return asyncio.run(main())


def test_results_come_in_order_with_status_headers_and_body():
    paths = [f"/{number}" for number in range(50)]

    results, site = fetched(paths, 8, headers={"X-Asked-By": "a test"})

    assert [f"page {path}".encode() for path in paths] == [result.body for result in results]
    assert [site.url + path for path in paths] == [result.url for result in results]
    assert {(200, 1, True)} == {(result.status, result.attempts, result.ok) for result in results}
    assert "text/plain; charset=utf-8" == results[0].headers["content-type"]
    assert {"a test"} == {headers["X-Asked-By"] for headers in site.headers}


@pytest.mark.parametrize(("limit", "per_host"), [(4, 16), (16, 3)])
@pytest.mark.parametrize("own", [False, True], ids=["a session made for it", "a session without bounds"])
def test_no_more_are_under_way_than_the_limit_and_what_a_host_may_have(limit, per_host, own):
    async def main():
        async with serving() as site, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as unbounded:
            urls = [f"{site.url}/held/{number}" for number in range(30)]
            session = unbounded if own else None
            fetching = asyncio.create_task(fetch_all(urls, limit, per_host=per_host, session=session))
            for number in range(50):  # asked and answered so often, one too many would have come as well
                async with unbounded.get(f"{site.url}/plain/{number}"):
                    pass
            most = sum(site.asked[path] for path in site.asked if path.startswith("/held"))
            site.gate.set()
            await fetching
            return most

    assert min(limit, per_host) == asyncio.run(main())


def test_one_slow_host_does_not_hold_up_another():
    async def main():
        async with serving() as slow, serving() as fast:
            urls = [f"{slow.url}/held/{number}" for number in range(5)] + [
                f"{fast.url}/{number}" for number in range(3)
            ]
            got = []
            async with aclosing(fetch_stream(urls, 4, per_host=2)) as stream:
                async for page in stream:
                    got.append(page)
                    if len(got) == 3:
                        slow.gate.set()
            # Not because an attempt at the slow one gave its place up when its time was over.
            return [page.url for page in got[:3]] == urls[5:], [page.attempts for page in got]

    assert (True, [1] * 8) == asyncio.run(main())


def test_as_completed_the_fast_come_first_and_in_order_they_wait():
    async def main(ordered):
        async with serving() as site:
            urls = [site.url + "/held", site.url + "/fast"]
            got = []
            if ordered:
                site.gate.set()
            async for page in fetch_stream(iter(urls), ordered=ordered):
                got.append(page.url == urls[0])
                site.gate.set()
            return got

    assert [False, True] == asyncio.run(main(ordered=False))
    assert [True, False] == asyncio.run(main(ordered=True))


def test_what_may_pass_is_tried_again():
    (result,), site = fetched(["/flaky"], retry=AT_ONCE)

    assert (200, b"well again", 2) == (result.status, result.body, result.attempts)
    assert 2 == site.asked["/flaky"]


def test_a_retry_after_is_obeyed():
    waits = []
    policy = Retry(attempts=3, deadline_s=5.0, hook=lambda attempt: waits.append((attempt.wait_s, attempt.stopped)))

    async def limited(request):
        return web.Response(status=429, headers={"Retry-After": "3600"})

    async def main():
        async with serving() as site:
            site.limited = limited
            return await fetch_all([site.url + "/limited"], retry=policy)

    (result,) = asyncio.run(main())

    assert isinstance(result.error.__cause__, RateLimited)
    assert 3600.0 == result.error.retry_after_s
    assert 1 == result.attempts


@pytest.mark.parametrize(("status", "attempts"), [(404, 1), (500, 3), (400, 1), (501, 1), (408, 3)])
def test_a_bad_status_is_an_error_with_its_body(status, attempts):
    (result,), _ = fetched([f"/status/{status}"], retry=AT_ONCE)

    assert not result.ok
    assert (status, attempts) == (result.status, result.attempts)
    assert b"why " * 16_384 == result.body
    assert isinstance(result.error, RetryExhausted if attempts > 1 else WorldError)


def test_a_connection_that_is_cut_or_refused_may_pass():
    (cut, refused), site = fetched(["/cut", "@127.0.0.1:1/"], retry=AT_ONCE)

    assert {3} == {cut.attempts, site.asked["/cut"], refused.attempts}
    assert ["connection_lost", "unreachable"] == [each.error.__cause__.code for each in (cut, refused)]
    assert isinstance(cut.error.__cause__, TransientError)


def test_what_is_no_url_and_a_redirect_that_leads_nowhere_are_errors_of_their_own_place():
    async def main():
        async with serving() as site:
            urls = [
                f"{site.url}/moved",
                "ftp://host/",
                "nonsense",
                "http://[",
                None,
                f"{site.url}/lost",
                f"{site.url}/x",
            ]
            return await fetch_all(urls)

    moved, *wrong, lost, last = asyncio.run(main())

    assert b"page /there" == moved.body
    assert [UsageError] * 4 == [type(each.error) for each in wrong]
    assert isinstance(lost.error, WorldError | UsageError)
    assert last.ok


def test_a_failing_host_is_left_alone_once_its_breaker_opens():
    breakers = BreakerRegistry(window=4, minimum_calls=4, on=TransientError)

    results, site = fetched(["/status/503"] * 20, 1, retry=Retry(attempts=1), breakers=breakers)

    assert 4 == site.asked["/status/503"]
    assert [RetryExhausted] * 4 + [CircuitOpen] * 16 == [type(result.error) for result in results]
    assert BreakerState.OPEN is breakers.snapshots()[0].state


def test_by_default_neither_404_nor_429_opens_a_breaker():
    results, site = fetched(["/status/404", "/status/429"] * 15 + ["/last"], 1, retry=Retry(attempts=1))

    assert results[-1].ok
    assert 15 == site.asked["/status/404"]


def test_an_attempt_that_takes_too_long_is_tried_again():
    (result,), site = fetched(["/held"], timeout_s=1.0, retry=Retry(attempts=2, backoff=Backoff(initial_s=0.0)))

    assert 2 == site.asked["/held"]
    assert isinstance(result.error.__cause__, DeadlineExceeded)


def test_at_the_deadline_of_all_what_has_ended_stays():
    async def main():
        async with serving() as site:
            paths = ["/fast", *["/held"] * 20]
            results = await fetch_all([site.url + path for path in paths], 3, deadline_s=2.0)
            return results, sum(site.asked.values())

    (first, *others), asked = asyncio.run(main())

    assert first.ok
    assert [DeadlineExceeded] * 20 == [type(result.error) for result in others]
    assert asked < 20
    assert 0 == others[-1].attempts


@pytest.mark.parametrize("path", ["/large", "/endless", "/bomb"])
@pytest.mark.parametrize("to_disk", [False, True])
def test_a_body_larger_than_allowed_is_refused_before_it_is_all_there(path, to_disk, tmp_path):
    seen = []

    (result,), site = fetched(
        [path], max_bytes=MIB, folder=tmp_path if to_disk else None, progress=lambda progress: seen.append(progress)
    )

    assert "too_large" == result.error.code
    assert b"" == result.body
    assert 1 == site.asked[path]
    assert seen[-1].received <= MIB
    assert [] == list(tmp_path.iterdir())


def test_bodies_are_streamed_into_files(tmp_path):
    paths = ["/large", "/data/part.csv?page=1", "/data/part.csv?page=2"]

    results, _ = fetched(paths, folder=tmp_path / "made")

    assert [3 * MIB, 19, 19] == [result.path.stat().st_size for result in results]
    assert {b""} == {result.body for result in results}
    assert 3 == len({result.path for result in results})
    assert [".csv", ".csv"] == [result.path.suffix for result in results[1:]]


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    (tmp_path / "cut").write_bytes(b"old")

    (result,), _ = fetched(["/cut"], folder=tmp_path, name=lambda url: "cut", retry=AT_ONCE)

    assert (None, 3) == (result.path, result.attempts)
    assert b"old" == (tmp_path / "cut").read_bytes()
    assert ["cut"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("name", ["../out", "a/b", "..", "", "a\\b"])
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    (result,), _ = fetched(["/x"], folder=tmp_path / "in", name=lambda url: name)

    assert isinstance(result.error, PathEscapeError)
    assert [] == list(tmp_path.rglob("*"))


def test_a_disk_that_refuses_is_an_error_of_that_url(tmp_path):
    (tmp_path / "file").write_bytes(b"")

    (result,), _ = fetched(["/x"], folder=tmp_path / "file")

    assert isinstance(result.error, StorageError)


def test_progress_counts_urls_and_bytes():
    seen = []

    fetched(["/large", "/status/404"], 1, progress=seen.append)

    assert (2, 1, 2) == (seen[-1].done, seen[-1].failed, seen[-1].total)
    assert 3 * MIB <= seen[-1].received
    assert len(seen) >= 4


def test_a_session_of_ones_own_is_used_and_left_open():
    async def main():
        async with serving() as site, aiohttp.ClientSession(headers={"X-Own": "yes"}) as session:
            await fetch_all([site.url], session=session)
            return site.headers[0]["X-Own"], session.closed

    assert ("yes", False) == asyncio.run(main())


def test_connections_are_used_again():
    ports = set()

    async def main():
        async with serving() as site:

            async def port(request):
                ports.add(request.transport.get_extra_info("peername")[1])
                return web.Response()

            site.port = port
            await fetch_all([f"{site.url}/port"] * 30, 3)

    asyncio.run(main())

    assert 1 <= len(ports) <= 3


@pytest.mark.parametrize("to_disk", [False, True])
def test_cancelled_it_leaves_no_task_no_connection_and_no_file(to_disk, tmp_path):
    async def main():
        async with serving() as site:
            before = asyncio.all_tasks()
            urls = [site.url + path for path in ["/held"] * 10 + ["/large"] * 10]
            fetching = asyncio.create_task(fetch_all(urls, 5, folder=tmp_path if to_disk else None))
            while site.under_way < 5:
                await asyncio.sleep(0)
            fetching.cancel()
            with pytest.raises(asyncio.CancelledError):
                await fetching
            site.gate.set()
            return {task for task in asyncio.all_tasks() - before if "fetch" in repr(task.get_coro())}

    assert set() == asyncio.run(main())
    assert [] == list(tmp_path.iterdir())


def test_urls_may_come_one_at_a_time():
    async def main():
        async with serving() as site:

            async def urls():
                for number in range(5):
                    yield f"{site.url}/{number}"

            seen = []
            results = await fetch_all(urls(), 2, progress=seen.append)
            return [result.body for result in results], seen[-1].total

    assert ([f"page /{number}".encode() for number in range(5)], None) == asyncio.run(main())


@pytest.mark.parametrize(
    "options",
    [
        {"per_host": 0},
        {"per_host": 1.5},
        {"timeout_s": 0},
        {"timeout_s": None},
        {"timeout_s": math.nan},
        {"deadline_s": 0},
        {"max_bytes": "1"},
        {"limit": 0},
        {"wrong": 1},
    ],
)
def test_options_that_leave_nothing_are_refused(options):
    with pytest.raises((ConfigurationError, UsageError, TypeError)):
        asyncio.run(fetch_all([], **options))
