"""Goes on accepting, and says that it is ready, until the last answer is out."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "stopping_it_is_not_ready",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Server(right.Server):
    def stop(self):
        asyncio.ensure_future(self.stop_when_done())

    async def stop_when_done(self):
        while len(self.answering) > 1:
            await asyncio.sleep(0.01)
        super().stop()


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0):
    asyncio.run(Server(right.create_app(models), header_timeout_s).run(host, port, on_ready))
