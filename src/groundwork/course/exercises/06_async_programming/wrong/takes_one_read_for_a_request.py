"""Takes what one read gives for a whole request."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "it_serves_on_a_socket",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Server(right.Server):
    async def connection(self, reader, writer):
        whole = asyncio.StreamReader()
        whole.feed_data(await reader.read(65536))
        whole.feed_eof()
        await super().connection(whole, writer)


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0):
    asyncio.run(Server(right.create_app(models), header_timeout_s).run(host, port, on_ready))
