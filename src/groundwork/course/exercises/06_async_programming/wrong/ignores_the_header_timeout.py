"""Gives every head all the time it wants: half-open connections stay until the process ends."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "silent_clients_hold_nobody_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


def serve(models, host="127.0.0.1", port=8000, *, on_ready=None, header_timeout_s=10.0):
    # Nobody waits for them, and at the end they are cancelled; only their descriptors and tasks add up.
    asyncio.run(right.Server(right.create_app(models), None).run(host, port, on_ready))
