"""Refuses what is too much, and does not say when to come back."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_overload_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def answer(self, scope, receive):
        status, content, _ = await super().answer(scope, receive)
        return status, content, []


def create_app(models, **options):
    return App(models, **options)
