"""Accepts every request; its queue has no bound."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_overload_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    def __init__(self, models, max_queue_rows=0, **options):
        super().__init__(models, max_queue_rows=10**9, **options)


def create_app(models, **options):
    return App(models, **options)
