import itertools
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.serving._parser import RequestParser

POST = b"POST /predict?model=a%20b HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 3\r\n\r\nabc"
GET = b"GET /v2/models/a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n"
UNDECLARED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = b"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2;e=1\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n"


def parser(max_header_bytes=1000, max_body_bytes=100):
    return RequestParser(max_header_bytes, max_body_bytes, itertools.count().__next__)


def told(turn):
    return (turn.method, turn.path, turn.query, dict(turn.headers), turn.body, turn.keeps, turn.old, turn.fault)


def read(data, **bounds):
    reader = parser(**bounds)
    return reader.feed(data), [told(turn) for turn in reader.whole]


def test_a_request_is_its_method_path_query_headers_and_body():
    status, turns = read(POST)

    headers = {b"host": b"x", b"x-a": b"2", b"content-length": b"3"}
    assert (status, turns) == (0, [("POST", "/predict", b"model=a%20b", headers, b"abc", True, False, 0)])


def test_a_path_is_percent_decoded():
    assert read(GET)[1][0][1] == "/v2/models/a/b"


def test_chunks_are_one_body_and_trailers_are_dropped():
    (turn,) = read(CHUNKED)[1]

    assert (turn[3], turn[4]) == ({b"host": b"x", b"transfer-encoding": b"chunked"}, b"abc")


@pytest.mark.parametrize("target", [b"http://x/a?b", b"http://x:80/a?b"])
def test_a_target_with_its_host_is_the_path_alone(target):
    (turn,) = read(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target)[1]

    assert turn[1:3] == ("/a", b"b")


@settings(deadline=None, max_examples=50)
@given(cuts=st.lists(st.integers(0, len(POST + GET + CHUNKED + POST))))
def test_however_the_bytes_come_the_requests_are_the_same(cuts):
    data = POST + GET + CHUNKED + POST
    edges = [0, *sorted(cuts), len(data)]
    reader = parser()

    for start, stop in itertools.pairwise(edges):
        assert reader.feed(data[start:stop]) == 0 if start < stop else True

    assert [told(turn) for turn in reader.whole] == read(data)[1]
    assert len(reader.whole) == 4


def test_a_head_that_is_known_gives_the_same_request_with_the_new_body():
    reader = parser()
    assert reader.known(POST) is None
    reader.feed(POST)

    again = reader.known(POST[:-3] + b"xyz")

    assert again is not None
    assert told(again) == (*told(reader.whole[0])[:4], b"xyz", True, False, 0)


@pytest.mark.parametrize(
    "data",
    [
        POST + b"x",
        POST[:-1],
        POST.replace(b"X-A: 1", b"X-A: 3"),
        POST.replace(b"Length: 3", b"Length: 2"),
    ],
    ids=["longer", "shorter", "another header", "another length"],
)
def test_a_head_that_differs_is_not_known(data):
    reader = parser()
    reader.feed(POST)

    assert reader.known(data) is None


@pytest.mark.parametrize(
    "first",
    [CHUNKED, POST + GET, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"],
    ids=["chunked", "two at once", "old"],
)
def test_a_head_is_known_only_where_its_bytes_tell_all(first):
    reader = parser()
    reader.feed(first)

    assert reader.known(first) is None


def test_a_blank_line_after_a_body_is_in_no_head_that_is_known():
    reader = parser()
    reader.feed(POST + b"\r\n")
    again = POST[:-3] + b"abz\r\n"
    assert reader.known(again) is None

    reader.feed(again)

    assert [turn.body for turn in reader.whole] == [b"abc", b"abz"]


def test_within_a_request_no_head_is_known():
    reader = parser()
    reader.feed(GET)
    reader.feed(b"POST / HTTP/1.1\r\n")

    assert reader.known(GET) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01",
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_or_could_be_read_in_two_ways_is_400(data):
    assert read(data) == (400, [])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417),
        (b"GET / HTTP/1.0\r\n\r\n", 0),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 1000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (CHUNKED.replace(b"1.1", b"1.0"), 400),
        (CHUNKED.replace(b"chunked", b"gzip, chunked"), 400),
        (CHUNKED.replace(b"Host: x", b"Host: x\r\nTransfer-Encoding: gzip"), 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + b"a" * 101, 413),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"a" * 101 + b"\r\n0\r\n\r\n",
            413,
        ),
    ],
)
def test_a_whole_request_with_a_fault_says_which_and_is_the_last(data, fault):
    reader = parser()

    assert reader.feed(data + GET) == 0

    assert [turn.fault for turn in reader.whole] == [fault]
    assert reader.deaf


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 1000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"e" * 1000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: " + b"e" * 1000, 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"a" * 101, 413),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", 400),
    ],
    ids=["head", "chunk extension", "trailer", "declared body", "body", "no host"],
)
def test_what_breaks_a_bound_is_refused_before_its_end(data, status):
    assert read(data) == (status, [])


def test_a_body_that_comes_in_many_pieces_is_no_large_head():
    reader = parser(max_header_bytes=100, max_body_bytes=1000)
    reader.feed(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n")

    assert [reader.feed(b"a" * 90) for _ in range(10)] == [0] * 10
    assert len(reader.whole[0].body) == 900


def test_a_request_after_a_large_one_in_the_same_bytes_is_no_large_head():
    reader = parser(max_header_bytes=100, max_body_bytes=1000)
    large = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n" + b"a" * 900

    assert [reader.feed(large + GET[:20]), reader.feed(GET[20:])] == [0, 0]
    assert [reader.feed(large[:50]), reader.feed(large[50:] + GET[:20]), reader.feed(GET[20:])] == [0, 0, 0]
    assert [turn.method for turn in reader.whole] == ["POST", "GET", "POST", "GET"]


def test_a_large_head_after_another_request_is_refused_before_its_end():
    assert read(GET + b"GET / HTTP/1.1\r\nA: " + b"a" * 1000 + b"\r\nB: ")[0] == 431


def test_a_body_in_tiny_parts_takes_no_more_memory_than_its_bytes():
    parts = [b"1\r\na\r\n"] * 20_000
    reader = parser(max_body_bytes=20_000)
    reader.feed(UNDECLARED)

    tracemalloc.start()
    for part in parts:
        reader.feed(part)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    reader.feed(b"0\r\n\r\n")

    assert kept < 3 * 20_000
    assert reader.whole[0].body == b"a" * 20_000


@pytest.mark.parametrize("body", [b"", b"abc"])
def test_a_request_that_asks_for_another_protocol_is_read_as_one_of_this(body):
    upgrade = b"POST /a?b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"

    status, turns = read(upgrade + b"Content-Length: %d\r\n\r\n" % len(body) + body + GET)

    assert status == 0
    assert [turn[:3] + turn[4:6] for turn in turns] == [
        ("POST", "/a", b"b", body, True),
        ("GET", "/v2/models/a/b", b"", b"", True),
    ]


UPGRADE = b"GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"


def test_thousands_of_requests_that_ask_for_another_protocol_may_come_at_once():
    status, turns = read(UPGRADE * 3000 + GET)

    assert (status, len(turns)) == (0, 3001)
    assert [turn[1] for turn in turns[-2:]] == ["/up", "/v2/models/a/b"]


@pytest.mark.parametrize(
    ("first", "told_of"),
    [
        (GET.replace(b"Host: x", b"Host: x\r\nConnection: close"), ("/v2/models/a/b", 0)),
        (GET.replace(b"Host: x\r\n", b""), ("/v2/models/a/b", 400)),
        (UPGRADE.replace(b"Host: x\r\n", b""), ("/up", 400)),
        (UPGRADE.replace(b"HTTP/1.1", b"HTTP/2.0"), ("/up", 505)),
        (UPGRADE.replace(b"Connection: ", b"Connection: close, "), ("/up", 0)),
    ],
    ids=["closing", "at fault", "upgrade at fault", "upgrade of another version", "closing upgrade"],
)
def test_after_the_last_request_nothing_asks_for_another_protocol(first, told_of):
    reader = parser()

    assert reader.feed(first + UPGRADE) == 0

    assert [(turn.path, turn.fault) for turn in reader.whole] == [told_of]
    assert (reader.deaf, reader.partial) == (True, None)


def test_after_a_request_with_a_fault_none_begins():
    reader = parser()

    assert reader.feed(GET.replace(b"Host: x\r\n", b"") + POST[:-1]) == 0

    assert [turn.fault for turn in reader.whole] == [400]
    assert reader.partial is None


def test_after_the_last_request_nothing_is_read():
    reader = parser()

    reader.feed(GET.replace(b"Host: x", b"Host: x\r\nConnection: close") + GET)
    reader.feed(b"rubbish")

    assert [turn.keeps for turn in reader.whole] == [False]


@settings(deadline=None, max_examples=50)
@given(data=st.binary(max_size=300), head=st.sampled_from([b"", POST, b"POST / HTTP/1.1\r\nHost: x\r\n", GET[:20]]))
def test_no_bytes_make_it_raise(data, head):
    status, turns = read(head + data)

    assert status in (0, 400, 413, 431)
    assert all(len(turn[4]) <= 100 for turn in turns)
