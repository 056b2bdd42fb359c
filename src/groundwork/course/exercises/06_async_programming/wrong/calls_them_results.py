"""Answers under another name than the one that was agreed."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_request_gets_its_predictions",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def predict(self, scope, receive):
        return {"results": (await super().predict(scope, receive))["predictions"]}


def create_app(models, **options):
    return App(models, **options)
