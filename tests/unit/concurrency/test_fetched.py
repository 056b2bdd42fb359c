from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.concurrency._fetched import Fetched, retry_after_s, status_error
from groundwork.concurrency._fetcher import file_name
from groundwork.errors import RateLimited, TransientError, WorldError

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("0", 0.0),
        ("Wed, 01 May 2024 12:01:30 GMT", 90.0),
        ("Wed, 01 May 2024 12:01:30 -0000", 90.0),
        ("Wed, 01 May 2024 11:00:00 GMT", 0.0),
        ("Wed, 01 May 2024 14:01:30 +0200", 90.0),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert seconds == retry_after_s(value, NOON)


@given(st.text())
def test_no_retry_after_breaks_the_reader(value):
    seconds = retry_after_s(value, NOON)

    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("status", "kind"), [(404, WorldError), (429, RateLimited), (503, TransientError), (501, WorldError)]
)
def test_a_status_says_whether_it_may_pass(status, kind):
    error = status_error("http://host/", status, "Words", {"Retry-After": "3"})

    assert kind is type(error)
    assert f"http_{status}" == error.code
    assert f"http://host/ answered {status} Words" == error.message
    assert getattr(error, "retry_after_s", 3.0) == 3.0
    assert {"url": "http://host/", "status": status} == error.context


def test_an_error_without_the_servers_words_ends_with_its_status():
    assert status_error("http://host/", 404, None, {}).message == "http://host/ answered 404"


def test_a_date_is_compared_with_the_present():
    assert retry_after_s("Wed, 01 May 2024 12:00:00 GMT") == 0.0


@pytest.mark.parametrize("status", [200, 204, 304, 399])
def test_a_good_status_is_no_error(status):
    assert status_error("http://host/", status, "OK", {}) is None


def test_a_result_is_good_without_an_error():
    assert [True, False] == [Fetched("u").ok, Fetched("u", error=ValueError()).ok]


@given(st.lists(st.text(max_size=100), min_size=1, max_size=5), st.booleans())
def test_every_url_has_a_safe_file_name_of_its_own(parts, query):
    url = "http://host/" + "/".join(parts) + ("?q=1" if query else "")
    name = file_name(url)

    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\\0:*?"<>| \n')
    assert len(name.encode()) <= 255
    assert name == file_name(url)
    assert name != file_name(url + "x")


@pytest.mark.parametrize(
    ("url", "stem", "suffix"),
    [
        ("http://h/data/part.1.csv?x=1", "part.1-", ".csv"),
        ("http://h/", "index-", ""),
        ("http://h", "index-", ""),
        ("http://h/donn\u00e9es.csv", "donn_es-", ".csv"),
        (f"http://h/{'x' * 200}", "x" * 80 + "-", ""),
        ("http://h/a\udcff.csv", "a_-", ".csv"),
        ("http://h/..%2f..%2fetc", "etc-", ""),
        ("http://h/.bashrc", "bashrc-", ""),
    ],
)
def test_a_file_name_keeps_what_can_be_kept(url, stem, suffix):
    name = file_name(url)

    assert name.startswith(stem)
    assert name.endswith(suffix)
    assert len(stem) + 12 + len(suffix) == len(name)
