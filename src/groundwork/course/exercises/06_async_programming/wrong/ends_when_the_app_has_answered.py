"""Told to end, it closes its connections as soon as the batch under way is done."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "sigterm_loses_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Server(right.Server):
    async def finish(self):
        for task in self.reading:
            task.cancel()
        if self.answering:
            await asyncio.wait(self.answering, return_when=asyncio.FIRST_COMPLETED)
        for task in self.answering:
            task.cancel()
        await super().finish()


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0):
    asyncio.run(Server(right.create_app(models), header_timeout_s).run(host, port, on_ready))
