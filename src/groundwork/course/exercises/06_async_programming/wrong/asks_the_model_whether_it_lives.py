"""Asks the model for a prediction to say that it lives; a busy one looks dead."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_busy_model_holds_nobody_up",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def live(self, scope, receive):
        await self.batcher.submit([0])
        return {"live": True}


def create_app(models, **options):
    return App(models, **options)
