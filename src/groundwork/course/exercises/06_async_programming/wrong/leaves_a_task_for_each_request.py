"""Leaves behind, for each request, the task that would have seen its client leave."""

import asyncio
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_shutdown_answers_what_was_accepted",
    "a_crowd_of_clients_get_their_own",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def unless_left(self, work, receive):
        async def shielded():
            return await asyncio.shield(asyncio.ensure_future(receive()))

        return await super().unless_left(work, shielded)


def create_app(models, **options):
    return App(models, **options)
