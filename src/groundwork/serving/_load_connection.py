"""One connection of a load generator.

Rule: an answer of the same bytes as the one before is not parsed again; that makes the generator fast enough to measure
a server on the core beside it.
"""

import asyncio
from typing import Protocol, cast

from groundwork.errors import WorldError
from groundwork.serving._http_answer import Answer, AnswerReader


class Asker(Protocol):
    """Who asks over connections, and is told of answers.

    Attributes:
        request: What each connection sends.
        open: The connections that are open.
        broken: What ended the run, if the server speaks no HTTP.
        over: Whether connections that end are no news any more.
    """

    request: bytes
    open: "set[LoadConnection]"
    broken: WorldError | None
    over: bool

    def answered(self, connection: "LoadConnection", status: int, reusable: bool) -> None:
        """Go on after an answer."""

    def lost(self, connection: "LoadConnection") -> None:
        """Go on after a connection that ended."""


class LoadConnection(asyncio.Protocol):
    """One connection; asks one thing at a time.

    Attributes:
        run: Who asks.
        due: When the request under way was meant to be sent.
        sent: When it was.
    """

    __slots__ = ("due", "reader", "run", "sent", "transport")

    def __init__(self, run: Asker) -> None:
        self.run = run
        self.reader = AnswerReader()
        self.sent = self.due = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be open."""
        self.transport = cast("asyncio.Transport", transport)
        self.run.open.add(self)

    def ask(self, due: float, now: float) -> None:
        """Send the request that was meant for ``due``."""
        assert self.transport is not None
        self.due, self.sent = due, now
        self.transport.write(self.run.request)

    def data_received(self, data: bytes) -> None:
        """Read on; tell the run of an answer that is whole."""
        if self.reader.is_repeated(data):
            self.run.answered(self, 200, True)
            return
        try:
            answer = self.reader.feed(data)
        except WorldError as error:
            self.run.broken = error
            self.abort()
            return
        if answer is not None:
            self._end(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the run of the answer that the end completes, or that there is none."""
        self.run.open.discard(self)
        answer = self.reader.at_end()
        if answer is not None:
            self._end(answer)
        elif self.transport is not None:
            self.transport = None
            if not self.run.over:
                self.run.lost(self)

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def _end(self, answer: Answer) -> None:
        if not answer.keeps_alive and self.transport is not None:
            self.transport.close()
            self.transport = None
        self.run.answered(self, answer.status, answer.keeps_alive)
