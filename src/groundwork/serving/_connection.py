"""One client's connection, as an asyncio protocol.

Rule: a client costs what the bounds allow and no more, whatever it sends, reads or leaves undone; and it gets an answer
wherever one can still be sent. Requests may be pipelined; their answers keep their order. Cost: no task, no future and
no timer a request. A connection has one timer, which moves only when it fires, or when it has to fire earlier.
"""

import asyncio
from collections import deque
from typing import cast

from groundwork.serving._call import Response
from groundwork.serving._hub import Hub
from groundwork.serving._parser import RequestParser
from groundwork.serving._turn import Turn, head_of

_NEVER = float("inf")
_JOINED_BYTES = 64 * 2**10


class HttpConnection(asyncio.Protocol):
    """A connection.

    Args:
        hub: Of its server.
    """

    def __init__(self, hub: Hub) -> None:
        options = hub.options
        self._hub = hub
        self._application = hub.application
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport = cast("asyncio.Transport", None)
        self._parser = RequestParser(options.max_header_bytes, options.max_body_bytes, self._loop.time)
        self._turns: deque[Turn] = deque()
        self._previewed: Turn | None = None
        self._partial_due = _NEVER
        self._stuck = False
        self._paused = False
        self._paused_at = 0.0
        self._starting = False
        self._ended = False
        self._due = _NEVER
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._parser.peer = peer[0] if isinstance(peer, tuple) else ""
        if self._hub.add(self):
            self._expect(self._loop.time() + self._options.header_timeout_s)
        else:
            self._break_off(503)
            self._start_whole()

    def connection_lost(self, error: Exception | None) -> None:
        """Take back what the client no longer waits for."""
        self._hub.discard(self)
        self._ended = True
        self._due = _NEVER
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._parser.close()
        turns, self._turns = self._turns, deque()
        for turn in turns:
            if turn.handle is not None:
                turn.handle.cancel()

    def eof_received(self) -> None:
        """Take the end of what a client says as its leaving: the transport closes."""

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        parser = self._parser
        if not self._turns and not parser.whole:
            turn = parser.known(data)
            if turn is not None:
                self._due = _NEVER
                self._start(turn)
                return
        status = parser.feed(data)
        if status:
            self._break_off(status)
        elif parser.partial is not None:
            self._await_rest(parser.partial)
        elif parser.whole:
            self._due = _NEVER
        if parser.whole:
            self._start_whole()

    def pause_writing(self) -> None:
        """Take no more requests until the client has read its answers; it may take only so long."""
        self._stuck = True
        if not self._ended:
            self._pause_reading()
            self._expect(self._loop.time() + self._options.write_timeout_s)

    def resume_writing(self) -> None:
        """Go on."""
        self._stuck = False
        if not self._ended:
            self._rest()
            # A transport is not to be closed from within this call.
            self._loop.call_soon(self._start_whole)

    def close_if_idle_for(self, seconds: float) -> None:
        """Close when no request comes for so long; one that is under way, or comes, is answered first."""
        busy = self._turns or self._parser.whole or self._parser.partial is not None
        if not (busy or self._stuck or self._ended):
            self._expect(self._loop.time() + seconds)

    def abort(self) -> None:
        """Cut the connection."""
        self._transport.abort()

    def answered(self, turn: Turn, response: Response) -> None:
        """Write an answer, once those before it are written.

        Args:
            turn: What it answers.
            response: The answer.
        """
        turn.handle = None
        turns, parser = self._turns, self._parser
        if not turns or turns[0] is not turn:
            turn.answer = response
            return
        while True:
            turns.popleft()
            if self._hub.draining and not turns and not parser.whole and parser.partial is None:
                turn.keeps = False
            self._write(turn, response)
            if not turn.keeps:
                self._end(turn)
                return
            if not turns or turns[0].answer is None:
                break
            turn = turns[0]
            response = cast("Response", turn.answer)
        if parser.whole:
            self._start_whole()
        elif not turns and parser.partial is None and not self._stuck:
            self._expect(self._loop.time() + self._options.idle_timeout_s)

    # What is being read.

    def _await_rest(self, turn: Turn) -> None:
        """Bound the time that a request may take to come, and look at its head as soon as that is whole."""
        if not self._parser.has_head:
            self._partial_due = turn.arrived + self._options.header_timeout_s
        elif self._previewed is not turn:
            self._previewed = turn
            verdict = self._application.preview(turn)
            if isinstance(verdict, Response):
                self._cut_off(turn, verdict)
                return
            self._partial_due = turn.arrived + verdict
            if b"expect" in turn.headers and not turn.old and not self._parser.has_body:
                self._say_continue()
        if not self._stuck:
            self._expect(self._partial_due)

    def _say_continue(self) -> None:
        # Before the answers to earlier requests it would be read as one of theirs; without it the client waits a
        # moment and sends its body unasked.
        if not self._turns and not self._parser.whole:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _break_off(self, status: int) -> None:
        """Answer what cannot become a request any more; it is the last that is read."""
        parser = self._parser
        partial = parser.partial
        known = partial if partial is not None and parser.has_head else None
        self._cut_off(partial or parser.blank(), self._application.fault(known, status))

    def _cut_off(self, turn: Turn, response: Response) -> None:
        parser = self._parser
        turn.refusal = response
        turn.keeps = False
        parser.partial = None
        parser.deaf = True
        parser.whole.append(turn)
        self._due = _NEVER

    # What has been read.

    def _start_whole(self) -> None:
        """Begin what has been read, as far as may be under way at once."""
        if self._starting:
            return
        self._starting = True
        whole, most = self._parser.whole, self._options.max_pipelined
        while whole and len(self._turns) < most and not self._stuck and not self._ended:
            self._start(whole.popleft())
        self._starting = False
        if whole:
            self._pause_reading()
        elif self._paused and not self._stuck:
            self._resume_reading()

    def _start(self, turn: Turn) -> None:
        turn.connection = self
        turn.answer = turn.handle = None
        self._turns.append(turn)
        if turn.fault and turn.refusal is None:
            turn.refusal = self._application.fault(turn, turn.fault)
        if turn.refusal is not None:
            turn.keeps = False
            self.answered(turn, turn.refusal)
        else:
            turn.handle = self._application.begin(turn, turn.done)

    def _write(self, turn: Turn, response: Response) -> None:
        head = head_of(response, self._hub.end_of_head, keeps=turn.keeps, old=turn.old)
        body = response.body
        if turn.method == "HEAD":
            self._transport.write(head)
        elif len(body) <= _JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    def _end(self, turn: Turn) -> None:
        """Hang up after the last answer."""
        self._ended = True
        self._parser.deaf = True
        if turn.refusal is None:
            self._close()
            return
        # A client that is still sending would be told of a reset connection instead of its answer.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._resume_reading()
        self._expect(self._loop.time() + self._options.linger_s)

    def _close(self) -> None:
        self._ended = True
        self._transport.close()
        # What the client does not read must not keep the socket.
        self._expect(self._loop.time() + self._options.write_timeout_s)

    # Time and flow.

    def _rest(self) -> None:
        """Expect what is next: the rest of a request, an answer of our own, or another request."""
        if self._parser.partial is not None:
            self._expect(self._partial_due)
        elif self._turns or self._parser.whole:
            self._due = _NEVER
        elif self._hub.draining:
            self._expect(self._loop.time())
        else:
            self._expect(self._loop.time() + self._options.idle_timeout_s)

    def _expect(self, due: float) -> None:
        """Wait for the client until then and no longer."""
        self._due = due
        if due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(due, self._on_timer)
            self._timer_at = due

    def _on_timer(self) -> None:
        self._timer = None
        self._timer_at = _NEVER
        due = self._due
        if due == _NEVER:
            return
        if self._loop.time() < due:
            self._expect(due)
        elif self._ended or self._stuck:
            self._transport.abort()
        elif self._parser.partial is not None and self._paused:
            # It is not read, so it cannot come; its time goes on when it is read again.
            self._due = _NEVER
        elif self._parser.partial is not None:
            self._break_off(408)
            self._start_whole()
        else:
            self._close()

    def _pause_reading(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._paused_at = self._loop.time()
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
            if self._parser.partial is not None:
                self._partial_due += self._loop.time() - self._paused_at
                self._expect(self._partial_due)
