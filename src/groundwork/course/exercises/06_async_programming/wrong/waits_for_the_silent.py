"""Told to end, it waits for those who have not said what they want."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "silent_clients_hold_nobody_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Server(right.Server):
    def __init__(self, app, header_timeout_s):
        super().__init__(app, 1000.0)

    async def finish(self):
        await asyncio.gather(*self.reading, *self.answering, return_exceptions=True)


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0):
    asyncio.run(Server(right.create_app(models), header_timeout_s).run(host, port, on_ready))
