"""A connection on virtual time, with a transport and an application that the test holds in its hands."""

import asyncio
import re

import pytest

from groundwork.errors import ConfigurationError
from groundwork.serving._call import Response
from groundwork.serving._connection import HttpConnection
from groundwork.serving._hub import ConnectionOptions, Hub
from groundwork.testing import run_virtual

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
CLOSING = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Transport:
    """Keeps what is written."""

    def __init__(self, connection, peer=("10.0.0.1", 5), eof=True):
        self.connection = connection
        self.peer = peer
        self.can_eof = eof
        self.written = b""
        self.ended = None
        self.half_closed = False
        self.reading = True

    def get_extra_info(self, name):
        return self.peer

    def write(self, data):
        assert self.ended is None
        assert not self.half_closed
        self.written += data

    def can_write_eof(self):
        return self.can_eof

    def write_eof(self):
        self.half_closed = True

    def close(self):
        self.ended = self.ended or "closed"

    def abort(self):
        self.ended = "aborted"
        self.connection.connection_lost(None)

    def is_closing(self):
        return self.ended is not None

    def pause_reading(self):
        assert self.reading
        self.reading = False

    def resume_reading(self):
        assert not self.reading
        self.reading = True


class Held:
    """A call that waits for the test's answer."""

    def __init__(self, call, done):
        self.call, self.done, self.cancelled = call, done, False

    def cancel(self):
        self.cancelled = True


class Application:
    """Answers at once, unless told to hold."""

    def __init__(self, hold=False, verdict=5.0):
        self.hold = hold
        self.verdict = verdict
        self.held = []
        self.faults = []

    def begin(self, call, done):
        if self.hold:
            self.held.append(Held(call, done))
            return self.held[-1]
        done(Response(call.path.encode() + b":" + call.body))
        return None

    def preview(self, call):
        return self.verdict

    def fault(self, call, status):
        self.faults.append((call.path if call is not None else None, status))
        return Response(b"%d" % status, status, b"text/plain")


class Client:
    """A connection and its two ends."""

    def __init__(self, application=None, transport=None, hub=None, **options):
        self.application = application or Application()
        self.hub = hub or Hub(self.application, ConnectionOptions(**options))
        self.connection = HttpConnection(self.hub)
        self.transport = Transport(self.connection, **(transport or {}))
        self.connection.connection_made(self.transport)

    def send(self, *pieces):
        for piece in pieces:
            self.connection.data_received(piece)

    def answers(self):
        """The status and body of each answer."""
        found, rest = [], self.transport.written
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            length = int((re.search(rb"content-length: (\d+)", head) or [b"", b"0"])[1])
            body, rest = rest[:length], rest[length:]
            found.append((int(head.split(b" ")[1]), body.decode()))
        return found


def virtual(test):
    def run():
        run_virtual(test())

    run.__name__ = test.__name__
    return run


@virtual
async def test_an_answer_has_a_length_a_type_and_a_date():
    client = Client()

    client.send(GET)

    pattern = (
        rb"HTTP/1\.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n"
        rb"date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n\r\n/a:"
    )
    assert re.fullmatch(pattern, client.transport.written)


@virtual
async def test_a_call_knows_its_client():
    client = Client(Application(hold=True))
    local = Client(Application(hold=True), transport={"peer": ""})

    client.send(GET)
    local.send(GET)

    assert client.application.held[0].call.peer == "10.0.0.1"
    assert local.application.held[0].call.peer == ""


@virtual
async def test_a_connection_is_kept_and_a_known_head_is_answered_alike():
    client = Client()

    client.send(POST + b"abc", POST + b"def", POST + b"ghi")

    assert client.answers() == [(200, "/a:abc"), (200, "/a:def"), (200, "/a:ghi")]
    assert client.transport.ended is None


@virtual
async def test_pipelined_requests_are_under_way_together_and_answered_in_order():
    client = Client(Application(hold=True))
    client.send(GET.replace(b"/a", b"/1") + GET.replace(b"/a", b"/2") + GET.replace(b"/a", b"/3"))
    held = client.application.held
    assert [call.call.path for call in held] == ["/1", "/2", "/3"]

    held[2].done(Response(b"3"))
    held[1].done(Response(b"2"))
    assert client.answers() == []
    held[0].done(Response(b"1"))

    assert client.answers() == [(200, "1"), (200, "2"), (200, "3")]


@virtual
async def test_of_many_pipelined_requests_only_so_many_are_under_way():
    client = Client(Application(hold=True), max_pipelined=2)

    client.send(GET * 5)
    assert (len(client.application.held), client.transport.reading) == (2, False)
    for number in range(5):
        client.application.held[number].done(Response(b"%d" % number))

    assert client.answers() == [(200, str(number)) for number in range(5)]
    assert client.transport.reading


@virtual
async def test_ten_thousand_pipelined_requests_that_are_answered_at_once_do_not_recurse():
    client = Client()

    client.send(GET * 10_000)

    assert len(client.answers()) == 10_000


@virtual
async def test_connection_close_is_kept_to():
    client = Client()

    client.send(CLOSING + GET)

    assert client.answers() == [(200, "/a:")]
    assert b"connection: close" in client.transport.written
    assert client.transport.ended == "closed"


@virtual
async def test_http_1_0_is_closed_unless_it_asks_otherwise():
    plain, asking = Client(), Client()

    plain.send(b"GET /a HTTP/1.0\r\n\r\n")
    asking.send(b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")

    assert plain.transport.ended == "closed"
    assert asking.transport.ended is None
    assert b"connection: keep-alive" in asking.transport.written


@virtual
async def test_head_is_answered_without_its_body():
    client = Client()

    client.send(b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")

    assert b"content-length: 3" in client.transport.written
    assert client.transport.written.endswith(b"\r\n\r\n")


@virtual
async def test_a_large_body_is_written_whole():
    client = Client(Application(hold=True))
    client.send(GET)

    client.application.held[0].done(Response(b"a" * 100_000, headers=((b"x-a", b"1"),)))

    assert client.answers() == [(200, "a" * 100_000)]
    assert b"x-a: 1\r\n" in client.transport.written


@virtual
async def test_a_client_that_says_nothing_is_hung_up_on():
    client = Client(header_timeout_s=10)

    await asyncio.sleep(9.9)
    assert client.transport.ended is None
    await asyncio.sleep(0.2)

    assert (client.transport.ended, client.answers()) == ("closed", [])


@virtual
async def test_a_head_that_comes_drop_by_drop_is_408():
    client = Client(header_timeout_s=10)
    client.send(GET)
    await asyncio.sleep(20)

    for drop in GET[:9]:
        client.send(bytes([drop]))
        await asyncio.sleep(1)
    assert len(client.answers()) == 1
    await asyncio.sleep(1.1)

    assert client.answers()[1:] == [(408, "408")]
    assert client.application.faults == [(None, 408)]


@virtual
async def test_a_body_is_waited_for_as_long_as_the_application_says():
    client = Client(Application(verdict=3.0))
    client.send(POST + b"a")

    await asyncio.sleep(2.9)
    assert client.answers() == []
    await asyncio.sleep(0.2)

    assert client.answers() == [(408, "408")]
    assert client.application.faults == [("/a", 408)]


@virtual
async def test_a_body_that_comes_in_time_is_answered():
    client = Client(Application(verdict=3.0))

    client.send(POST + b"a", b"b")
    await asyncio.sleep(2.9)
    client.send(b"c")
    await asyncio.sleep(10)

    assert client.answers() == [(200, "/a:abc")]


@virtual
async def test_a_call_that_is_refused_by_its_head_is_answered_before_its_body():
    client = Client(Application(verdict=Response(b"no", 401)))

    client.send(POST, b"abc", GET)

    assert client.answers() == [(401, "no")]
    assert client.transport.half_closed
    assert client.transport.ended is None


@virtual
async def test_a_refused_client_that_goes_on_sending_is_cut_off_after_a_while():
    client = Client(Application(verdict=Response(b"no", 401)), linger_s=2)
    client.send(POST)

    for _ in range(19):
        client.send(b"a" * 1000)
        await asyncio.sleep(0.1)
    assert client.transport.ended is None
    await asyncio.sleep(0.2)

    assert client.transport.ended == "aborted"


@virtual
async def test_where_half_a_connection_cannot_be_closed_a_refusal_lingers_all_the_same():
    client = Client(Application(verdict=Response(b"no", 401)), transport={"eof": False}, linger_s=2)
    client.send(POST)

    assert (client.transport.half_closed, client.transport.ended) == (False, None)
    await asyncio.sleep(2.1)

    assert client.transport.ended == "aborted"


@virtual
async def test_what_is_no_http_is_answered_after_what_was_before_it():
    client = Client(Application(hold=True))

    client.send(GET + b"rubbish\r\n\r\n")
    assert client.answers() == []
    client.application.held[0].done(Response(b"first"))

    assert client.answers() == [(200, "first"), (400, "400")]
    assert client.transport.half_closed


@virtual
async def test_a_whole_request_with_a_fault_is_answered_by_it():
    client = Client()

    client.send(b"GET /a HTTP/1.1\r\n\r\n")

    assert client.answers() == [(400, "400")]
    assert client.application.faults == [("/a", 400)]


@virtual
async def test_a_client_that_waits_to_be_told_to_continue_is_told():
    client = Client()

    client.send(POST.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"))
    assert client.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(b"abc")

    assert client.answers() == [(100, ""), (200, "/a:abc")]


@virtual
async def test_a_client_whose_body_will_be_refused_is_not_told_to_continue():
    client = Client(Application(verdict=Response(b"no", 413)))

    client.send(POST.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"))

    assert client.answers() == [(413, "no")]


@virtual
async def test_before_an_earlier_answer_nobody_is_told_to_continue():
    client = Client(Application(hold=True))
    client.send(GET)

    client.send(POST.replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"))

    assert client.transport.written == b""


@virtual
async def test_a_kept_connection_is_closed_when_it_has_been_idle_too_long():
    client = Client(idle_timeout_s=75)
    for _ in range(3):
        client.send(GET)
        await asyncio.sleep(74)
    assert client.transport.ended is None

    await asyncio.sleep(2)

    assert client.transport.ended == "closed"


@virtual
async def test_blank_lines_do_not_keep_a_connection():
    client = Client(idle_timeout_s=5)
    client.send(GET)

    for _ in range(6):
        client.send(b"\r\n")
        await asyncio.sleep(1)

    assert client.transport.ended == "closed"


@virtual
async def test_an_answer_may_take_longer_than_a_connection_may_be_idle():
    client = Client(Application(hold=True), idle_timeout_s=5, header_timeout_s=5)
    client.send(GET)

    await asyncio.sleep(100)
    client.application.held[0].done(Response(b"late"))

    assert client.answers() == [(200, "late")]
    assert client.transport.ended is None


@virtual
async def test_a_closed_connection_whose_answer_is_not_read_is_cut():
    client = Client(write_timeout_s=30)
    client.send(CLOSING)
    assert client.transport.ended == "closed"

    await asyncio.sleep(31)

    assert client.transport.ended == "aborted"


@virtual
async def test_a_client_that_does_not_read_is_not_read_from_and_then_cut():
    client = Client(Application(hold=True), write_timeout_s=30)
    client.send(GET)
    client.connection.pause_writing()
    client.application.held[0].done(Response(b"a"))

    assert not client.transport.reading
    await asyncio.sleep(29)
    assert client.transport.ended is None
    await asyncio.sleep(2)

    assert client.transport.ended == "aborted"


@virtual
async def test_a_client_that_reads_again_is_answered_again():
    client = Client(write_timeout_s=30, idle_timeout_s=75)
    client.send(GET)
    client.connection.pause_writing()
    client.send(GET + GET)
    assert len(client.answers()) == 1

    client.connection.resume_writing()
    await asyncio.sleep(0)

    assert len(client.answers()) == 3
    assert client.transport.reading
    await asyncio.sleep(74)
    assert client.transport.ended is None


@virtual
async def test_a_transport_is_not_closed_while_it_says_that_it_can_be_written_to():
    client = Client()
    client.connection.pause_writing()
    client.send(CLOSING)

    client.connection.resume_writing()
    ended = client.transport.ended
    await asyncio.sleep(0)

    assert (ended, client.transport.ended) == (None, "closed")


@virtual
async def test_half_a_request_that_is_not_read_because_others_are_under_way_keeps_its_time():
    client = Client(Application(hold=True, verdict=3.0), max_pipelined=1)
    client.send(GET + GET + POST + b"a")
    await asyncio.sleep(60)
    client.application.held[0].done(Response(b"1"))
    await asyncio.sleep(2)
    assert client.transport.ended is None

    client.send(b"bc")
    client.application.held[1].done(Response(b"2"))
    client.application.held[2].done(Response(b"3"))

    assert client.answers() == [(200, "1"), (200, "2"), (200, "3")]


@virtual
async def test_half_a_request_that_is_read_again_has_only_what_was_left_of_its_time():
    client = Client(Application(hold=True, verdict=3.0), max_pipelined=1)
    client.send(GET + GET + POST + b"a")
    await asyncio.sleep(60)
    client.application.held[0].done(Response(b"1"))
    await asyncio.sleep(3.1)

    client.application.held[1].done(Response(b"2"))

    assert client.answers() == [(200, "1"), (200, "2"), (408, "408")]


@virtual
async def test_half_a_request_has_its_bound_again_once_the_client_reads():
    client = Client(Application(verdict=3.0))
    client.send(POST + b"a")
    client.connection.pause_writing()
    client.connection.resume_writing()

    await asyncio.sleep(3.1)

    assert client.answers() == [(408, "408")]


@virtual
async def test_a_client_that_leaves_takes_its_calls_back():
    client = Client(Application(hold=True), max_pipelined=2)
    client.send(GET * 3)

    client.connection.connection_lost(None)

    assert [held.cancelled for held in client.application.held] == [True, True]
    assert client.hub.connections == set()
    # The answer of a call that could not be taken back finds nobody.
    client.application.held[0].done(Response(b"late"))
    assert client.answers() == []


@virtual
async def test_one_connection_too_many_is_answered_with_503():
    first = Client(max_connections=1)
    second = Client(first.application, hub=first.hub)

    assert second.answers() == [(503, "503")]
    first.send(GET)
    assert first.answers() == [(200, "/a:")]


@virtual
async def test_a_closing_server_answers_what_is_under_way_and_what_is_on_the_way():
    busy = Client(Application(hold=True))
    idle, coming = (Client(busy.application, hub=busy.hub) for _ in range(2))
    busy.send(GET)

    closing = asyncio.create_task(busy.hub.close(0.5, 30))
    await asyncio.sleep(0.4)
    coming.send(GET)
    await asyncio.sleep(0.2)
    ended = [client.transport.ended for client in (busy, idle, coming)]
    for held in busy.application.held:
        held.done(Response(b"done"))
    for client in (busy, idle, coming):
        client.connection.connection_lost(None)
    await closing

    assert ended == [None, "closed", None]
    assert busy.answers() == coming.answers() == [(200, "done")]
    assert b"connection: close" in busy.transport.written
    assert busy.transport.ended == coming.transport.ended == "closed"


@virtual
async def test_a_closing_server_lets_a_client_read_its_answer_and_then_hangs_up_at_once():
    client = Client()
    client.send(GET)
    client.connection.pause_writing()

    closing = asyncio.create_task(client.hub.close(0.5, 30))
    await asyncio.sleep(5)
    assert client.transport.ended is None
    client.connection.resume_writing()
    await asyncio.sleep(0.1)
    ended = client.transport.ended
    client.connection.connection_lost(None)
    await closing

    assert ended == "closed"


@virtual
async def test_a_request_after_one_with_a_fault_is_not_answered():
    client = Client()

    client.send(GET.replace(b"Host: x\r\n", b"") + POST + b"a")
    client.send(b"bc")
    await asyncio.sleep(3)

    assert client.answers() == [(400, "400")]
    assert client.transport.ended == "aborted"


@virtual
async def test_a_draining_connection_closes_after_the_last_of_its_pipelined_answers():
    client = Client(Application(hold=True))
    client.send(GET + GET + POST + b"a")
    client.hub.drain()

    for held in list(client.application.held):
        held.done(Response(b"1"))
    assert client.transport.ended is None
    client.send(b"bc")
    client.application.held[-1].done(Response(b"3"))

    assert [body for _, body in client.answers()] == ["1", "1", "3"]
    assert client.transport.written.count(b"connection: close") == 1
    assert client.transport.ended == "closed"


@virtual
async def test_a_closing_server_cuts_what_takes_too_long():
    client = Client(Application(hold=True))
    client.send(GET)

    await client.hub.close(0.5, 30)

    assert client.transport.ended == "aborted"
    assert client.application.held[0].cancelled
    assert asyncio.get_running_loop().time() == 30


@pytest.mark.parametrize(
    ("options", "words"),
    [({"max_connections": 0}, "max_connections is 0"), ({"linger_s": 0.0}, "linger_s is 0.0")],
)
def test_a_bound_out_of_range_is_named(options, words):
    with pytest.raises(ConfigurationError, match=words):
        ConnectionOptions(**options)
