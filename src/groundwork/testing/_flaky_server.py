"""A real HTTP server that misbehaves as it is told: late, broken off, reset, cut short, or with any status.

Rule: it answers what the script says and nothing else; what arrived is kept. It listens on a free port of this machine.
Cost: one thread with an event loop while it runs.
"""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from groundwork.errors import UsageError


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that arrived.

    Attributes:
        method: As ``POST``.
        path: With its query.
        headers: By name in lower case.
        body: Its bytes.
        number: How many arrived before it, over all connections.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    number: int

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with one request.

    Attributes:
        status: Of the answer.
        document: Sent as JSON; ``body`` goes before it.
        body: Sent as it is.
        headers: Further headers by name.
        delay_s: How long the answer lets wait.
        cut_after: Only so many bytes of the body come, though all are announced; then the connection ends.
        reset: No answer: the connection is reset.
        close: The connection ends after the answer, which says so.
    """

    status: int = 200
    document: Any = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_after: int | None = None
    reset: bool = False
    close: bool = False

    def __bytes__(self) -> bytes:
        content = json.dumps(self.document).encode() if self.body is None else self.body
        lines = [f"HTTP/1.1 {self.status} X", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.close:
            lines.append("Connection: close")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content[: self.cut_after]

    @property
    def ends(self) -> bool:
        """Whether the connection ends with it."""
        return self.close or self.cut_after is not None


Answer = Reply | bytes | None
"""A reply; bytes to send as they are; or None, which hangs up."""

Script = Sequence[Answer] | Callable[[Asked], Answer | Awaitable[Answer]]
"""The answers in order, of which the last is repeated; or a function of the request, asynchronous if it likes."""


class FlakyServer:
    """A running server; ``flaky_server`` makes one.

    Args:
        script: What it answers.

    Attributes:
        script: May be replaced while it runs; a sequence goes on with the number of the request.
        asked: What arrived, in order.
        connections: How many were opened.
        url: Where it listens.
    """

    def __init__(self, script: Script = (Reply(),)) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left; or the server ends, and nobody awaits this task but who cancelled it
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await self._read(reader)
        answer = await self._answer(asked)
        if answer is None:
            return False
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
            return b"\r\nConnection: close\r\n" not in answer
        await asyncio.sleep(answer.delay_s)
        if answer.reset:
            # Closed with nothing lingering, the system sends RST instead of a farewell.
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        writer.write(bytes(answer))
        await writer.drain()
        return not answer.ends

    async def _read(self, reader: asyncio.StreamReader) -> Asked:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(method, path, headers, body, len(self.asked))
        self.asked.append(asked)
        return asked

    async def _answer(self, asked: Asked) -> Answer:
        if not callable(self.script):
            return self.script[min(asked.number, len(self.script) - 1)]
        answer = self.script(asked)
        return await answer if isinstance(answer, Awaitable) else answer


@contextmanager
def flaky_server(script: Script = (Reply(),)) -> Iterator[FlakyServer]:
    """Run such a server while the block lasts.

    Example::

        with flaky_server([Reply(503, headers={"Retry-After": "1"}), Reply(reset=True), Reply(document={"x": 1})]) as s:
            ...

    Args:
        script: What it answers.

    Yields:
        The server; what is still being answered at the end of the block is broken off.

    Raises:
        UsageError: The script is empty.
        OSError: The system has no port to listen on.
    """
    if not callable(script) and not script:
        raise UsageError("a flaky server needs at least one answer", hint="pass [Reply()]")
    server = FlakyServer(script)
    running: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def main() -> None:
        try:
            listener = await asyncio.start_server(server._serve, "127.0.0.1", 0)
        except OSError as error:
            running.set_exception(error)
            return
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        stop = asyncio.Event()
        running.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()
        listener.close()
        await _end(asyncio.all_tasks() - {asyncio.current_task()})

    thread = threading.Thread(target=asyncio.run, args=(main(),), name="flaky_server")
    thread.start()
    try:
        loop, stop = running.result()
        try:
            yield server
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()


async def _end(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
