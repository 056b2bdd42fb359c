"""Cutting answers out of bytes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import WorldError
from groundwork.serving._http_answer import Answer, AnswerReader

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"
REFUSED = b"HTTP/1.1 503 No\r\nconnection: close\r\ncontent-length: 2\r\n\r\nno"
CONTINUED = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([PLAIN, CHUNKED, REFUSED, CONTINUED]), st.data())
def test_an_answer_is_the_same_however_it_is_cut_into_pieces(whole, data):
    cuts = sorted(data.draw(st.lists(st.integers(1, len(whole) - 1), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    reader = AnswerReader()

    found = [answer for answer in map(reader.feed, pieces) if answer is not None]

    assert [AnswerReader().feed(whole)] == found


def test_status_body_and_whether_the_connection_stays_are_read():
    assert Answer(200, b"hello", True) == AnswerReader().feed(PLAIN)
    assert Answer(200, b"hello", True) == AnswerReader().feed(CHUNKED)
    assert Answer(503, b"no", False) == AnswerReader().feed(REFUSED)
    assert AnswerReader().feed(PLAIN.replace(b"1.1", b"1.0")).keeps_alive is False


def test_the_next_answer_with_the_same_head_is_recognised_whole_and_only_whole():
    reader = AnswerReader()
    reader.feed(PLAIN)

    assert [True, True] == [reader.is_repeated(PLAIN), reader.is_repeated(PLAIN.replace(b"hello", b"world"))]
    assert [False, False] == [reader.is_repeated(PLAIN[:-1]), reader.is_repeated(PLAIN.replace(b"now", b"two"))]


def test_an_answer_that_is_no_success_is_never_taken_for_a_repeated_one():
    reader = AnswerReader()
    reader.feed(REFUSED.replace(b"connection: close\r\n", b""))

    assert not reader.is_repeated(REFUSED.replace(b"connection: close\r\n", b""))


def test_half_an_answer_is_not_taken_for_a_repeated_one():
    reader = AnswerReader()
    reader.feed(PLAIN)
    reader.feed(b"HTTP/1.1 200")

    assert not reader.is_repeated(PLAIN)


def test_an_answer_without_length_ends_with_the_connection():
    reader = AnswerReader()

    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\nall of it") is None
    assert Answer(200, b"all of it", False) == reader.at_end()


def test_a_connection_that_ends_before_its_answer_completes_none():
    cut, nothing = AnswerReader(), AnswerReader()
    cut.feed(PLAIN[:-1])

    assert [None, None] == [cut.at_end(), nothing.at_end()]


@pytest.mark.parametrize(
    "line",
    [
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_what_is_no_http_is_told(line):
    with pytest.raises(WorldError, match=r"no HTTP/1\.1 server"):
        AnswerReader().feed(line)


def test_a_head_without_end_is_told_before_it_fills_the_memory():
    reader = AnswerReader()

    with pytest.raises(WorldError, match="head without end"):
        reader.feed(b"x" * 70_000)
