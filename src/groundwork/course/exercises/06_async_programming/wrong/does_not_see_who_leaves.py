"""Looks for its client when the answer is ready."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_client_that_left_costs_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def unless_left(self, work, receive):
        return await work


def create_app(models, **options):
    return App(models, **options)
