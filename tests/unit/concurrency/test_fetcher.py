"""What becomes of a URL, with a session that is none: no socket is opened."""

import asyncio
import inspect
import math
from contextlib import asynccontextmanager

import aiohttp
import pytest

from groundwork.concurrency import fetch_all, fetch_stream
from groundwork.concurrency._fetch import _settings
from groundwork.concurrency._fetcher import Fetcher
from groundwork.errors import ConfigurationError, PathEscapeError, TransientError, UsageError, WorldError
from groundwork.resilience import Retry
from groundwork.testing import VirtualClock, run_virtual

URL = "http://host/rows.csv"


class Answer:
    """An answer in pieces; ``length`` is what it says of itself."""

    def __init__(self, *pieces, status=200, reason="OK", length=None):
        self.pieces, self.status, self.reason, self.content_length = pieces, status, reason, length
        self.headers = {"x": "1"}
        self.content = self
        self.closed = False

    async def iter_any(self):
        for piece in self.pieces:
            yield piece

    def close(self):
        self.closed = True


class Session:
    """Gives one answer after another, or raises them; each takes a second."""

    def __init__(self, *answers, takes_s=1):
        self.answers = list(answers)
        self.takes_s = takes_s
        self.asked = []

    @asynccontextmanager
    async def get(self, url, **options):
        self.asked.append((str(url), options))
        await asyncio.sleep(self.takes_s)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        yield answer


def fetched(*answers, urls=(URL,), **options):
    options = {"retry": Retry(attempts=1)} | options
    return run_virtual(fetch_all(list(urls), 2, session=Session(*answers), **options), clock=VirtualClock(100.0))


def error_of(answer, **options):
    [result] = fetched(answer, **options)
    return result.error


def test_unless_told_the_limits_are_those_that_are_documented():
    assert [64, 64] == [inspect.signature(fetch).parameters["limit"].default for fetch in (fetch_all, fetch_stream)]
    settings = _settings(64)
    assert (16, 30.0, 64 * 2**20) == (settings.per_host, settings.retry.attempt_timeout_s, settings.max_bytes)
    assert math.inf == _settings(64, folder="here").max_bytes
    assert 5 == _settings(64, folder="here", max_bytes=5).max_bytes


@pytest.mark.parametrize("name", ["per_host", "timeout_s", "deadline_s", "max_bytes"])
def test_a_number_that_leaves_nothing_is_named(name):
    with pytest.raises(ConfigurationError, match=rf"^{name}\b"):
        _settings(64, **{name: 0})


def test_a_session_that_is_made_keeps_to_the_limits_and_keeps_no_cookies(monkeypatch):
    made = []

    class Made:
        def __init__(self, *, connector, cookie_jar):
            made.append((connector.limit, connector.limit_per_host, type(cookie_jar)))
            self.connector = connector

        async def __aenter__(self):
            return Session(Answer(), takes_s=0)

        async def __aexit__(self, *raised):
            await self.connector.close()

    monkeypatch.setattr(aiohttp, "ClientSession", Made)

    asyncio.run(fetch_all([URL], 200, per_host=150))

    assert [(200, 150, aiohttp.DummyCookieJar)] == made


def test_a_result_tells_all_that_came_and_how_long_it_took():
    [result] = fetched(Answer(b"a,b", b"\n1,2"))

    assert (200, {"x": "1"}, b"a,b\n1,2", None) == (result.status, result.headers, result.body, result.path)
    assert (None, 1, 1.0) == (result.error, result.attempts, result.seconds)


def test_what_was_never_asked_has_no_answer():
    [result] = fetched(urls=["ftp://host/x"])

    assert (None, {}, b"", None, 0) == (result.status, result.headers, result.body, result.path, result.attempts)


@pytest.mark.parametrize("url", ["ftp://host/x", "http://[", "host", 3])
def test_what_is_no_url_is_told_with_what_to_do(url):
    [result] = fetched(urls=[url])

    assert isinstance(result.error, UsageError)
    assert f"{url!r} is no http or https URL" == result.error.message
    assert "https://host/path" in result.error.hint


def test_what_aiohttp_finds_no_url_is_none():
    assert f"{URL!r} is no http or https URL" == error_of(aiohttp.InvalidURL(URL)).message


@pytest.mark.parametrize(
    ("raised", "kind", "code", "words"),
    [
        (aiohttp.ServerDisconnectedError(), TransientError, "connection_lost", f"{URL}: Server disconnected"),
        (aiohttp.ClientConnectionError(), TransientError, "connection_lost", f"{URL}: ClientConnectionError"),
        (aiohttp.ClientPayloadError("cut"), TransientError, "connection_lost", f"{URL}: cut"),
        (aiohttp.ClientError("odd"), WorldError, "world", f"{URL} cannot be fetched: odd"),
        (ValueError("odd"), WorldError, "world", f"{URL} cannot be fetched: odd"),
    ],
)
def test_what_failed_is_told_with_its_url(raised, kind, code, words):
    error = error_of(raised)
    told = error.__cause__ if kind is TransientError else error

    assert (kind, code, words) == (type(told), told.code, told.message)
    assert {"url": URL} == told.context


def test_a_bad_status_keeps_the_beginning_of_its_body_and_waits_for_no_more():
    answer = Answer(b"x" * 40_000, b"y" * 40_000, b"z" * 40_000, status=404, reason="Not Found")

    [result] = fetched(answer)

    assert (b"x" * 40_000 + b"y" * 40_000)[: 64 * 2**10] == result.body
    assert f"{URL} answered 404 Not Found" == result.error.message
    assert {"url": URL, "status": 404} == result.error.context
    assert answer.closed


@pytest.mark.parametrize("answer", [Answer(b"123456"), Answer(b"123", b"456"), Answer(length=6)])
def test_a_body_that_is_too_large_is_told_with_what_to_do(answer):
    error = error_of(answer, max_bytes=5)

    assert f"{URL}: its body is larger than 5 bytes" == error.message
    assert ("too_large", {"url": URL}) == (error.code, error.context)
    assert "folder=" in error.hint


@pytest.mark.parametrize("answer", [Answer(b"12345"), Answer(b"123", b"45", length=5)])
def test_a_body_of_exactly_what_is_allowed_is_taken(answer):
    [result] = fetched(answer, max_bytes=5)

    assert b"12345" == result.body


def test_a_body_may_be_empty():
    [result] = fetched(Answer(), max_bytes=1)

    assert (True, b"") == (result.ok, result.body)


def test_a_name_that_leads_elsewhere_is_told_with_what_to_do(tmp_path):
    error = error_of(Answer(b"x"), folder=tmp_path, name=lambda url: "../x")

    assert isinstance(error, PathEscapeError)
    assert "'../x' is no plain file name" == error.message
    assert "without folders" in error.hint


def test_a_body_on_disk_is_not_in_memory_and_a_failed_one_is_nowhere(tmp_path):
    # On real time, since a disk is asked in a thread.
    session = Session(Answer(b"rows"), Answer(b"no", status=404), takes_s=0)
    good, bad = asyncio.run(fetch_all([URL, URL + "?2"], per_host=1, folder=tmp_path, session=session))

    assert (b"", b"rows") == (good.body, good.path.read_bytes())
    assert (b"no", None) == (bad.body, bad.path)


def test_a_url_whose_turn_comes_after_the_deadline_is_told_so():
    async def main():
        fetcher = Fetcher(_settings(1, deadline_s=5), Session(Answer(), takes_s=0.5), None)
        await asyncio.sleep(4.25)
        in_time = await fetcher.fetch(URL)
        await asyncio.sleep(0.25)
        return in_time, await fetcher.fetch(URL)

    in_time, late = run_virtual(main())

    assert (True, 0) == (in_time.ok, late.attempts)
    assert f"{URL}: its turn came after the deadline" == late.error.message
    assert {"url": URL} == late.error.context


def test_progress_counts_what_ended_and_what_failed():
    told = []

    fetched(
        Answer(b"123"),
        Answer(b"45", status=404),
        Answer(b"", status=404),
        urls=[URL, URL, URL],
        per_host=1,
        progress=told.append,
    )

    assert [(1, 0, 3, 3), (2, 1, 3, 5), (3, 2, 3, 5)] == [
        (each.done, each.failed, each.total, each.received) for each in told
    ]


def test_progress_is_told_every_mebibyte_too():
    told = []

    fetched(*[Answer(*[bytes(2**19)] * 4)], progress=told.append)

    assert [2**20, 2**21, 2**21] == [each.received for each in told]


def test_requests_have_the_headers_and_no_limit_but_the_attempts():
    session = Session(Answer())

    run_virtual(fetch_all([URL], session=session, headers={"accept": "text/csv"}))

    [(url, options)] = session.asked
    assert (URL, {"accept": "text/csv"}) == (url, options["headers"])
    assert (None, None) == (options["timeout"].total, options["timeout"].sock_connect)


def test_of_a_host_that_nobody_asks_any_more_nothing_is_kept():
    async def main():
        fetcher = Fetcher(_settings(4, retry=Retry(attempts=1), per_host=1), Session(Answer(), Answer()), None)
        both = [asyncio.create_task(fetcher.fetch(URL)) for _ in range(2)]
        await asyncio.sleep(1.5)
        while_one_is_asked = len(fetcher._hosts)
        await asyncio.wait(both)
        return while_one_is_asked, len(fetcher._hosts)

    assert (1, 0) == run_virtual(main())
