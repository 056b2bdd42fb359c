from datetime import UTC, datetime, timedelta

import pytest

from groundwork.errors import ConfigurationError, Overloaded, RateLimited
from groundwork.resilience import parse_retry_after

NOW = datetime(2013, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        ("Thu, 31 Jan 2013 12:01:30 GMT", 90.0),
        ("Thu, 31 Jan 2013 12:01:30 -0000", 90.0),
        ("Thu, 31 Jan 2013 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("nan", None),
        ("soon", None),
        ("Thu, 99 Jan 2013 12:00:00 GMT", None),
        ("٣", None),
    ],
)
def test_a_header_is_seconds_or_nothing(header, seconds):
    assert parse_retry_after(header, now=NOW) == seconds


def test_a_date_is_counted_from_now():
    until = datetime.now(UTC) + timedelta(hours=1)

    seconds = parse_retry_after(until.strftime("%a, %d %b %Y %H:%M:%S GMT"))

    assert 3000 < seconds <= 3600


@pytest.mark.parametrize("wrong", ["30", -1, float("nan"), True])
def test_an_error_that_asks_for_no_time_cannot_be_made(wrong):
    with pytest.raises(ConfigurationError, match="is no time to wait; give seconds") as refused:
        RateLimited("429", retry_after_s=wrong)

    assert "parse_retry_after" in refused.value.hint


def test_no_time_and_no_end_are_times():
    assert [Overloaded("busy", retry_after_s=each).retry_after_s for each in (0, float("inf"), None)] == [
        0,
        float("inf"),
        None,
    ]
