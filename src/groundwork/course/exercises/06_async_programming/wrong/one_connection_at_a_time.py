"""Waits until a connection says something before it looks at the next; a silent one holds up all."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "silent_clients_hold_nobody_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Server(right.Server):
    def __init__(self, app, header_timeout_s):
        super().__init__(app, header_timeout_s)
        self.turn = asyncio.Lock()

    async def connection(self, reader, writer):
        try:
            async with self.turn:
                first = await reader.read(65536)
        except asyncio.CancelledError:
            return
        together = asyncio.StreamReader()
        together.feed_data(first)
        asyncio.ensure_future(self.hand_on(reader, together))
        await super().connection(together, writer)

    async def hand_on(self, reader, together):
        while part := await reader.read(65536):
            together.feed_data(part)
        together.feed_eof()


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0):
    asyncio.run(Server(right.create_app(models), header_timeout_s).run(host, port, on_ready))
