"""Reads a body to its end, however far that is."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_body_is_bounded",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    def __init__(self, models, max_body_bytes=0, **options):
        super().__init__(models, max_body_bytes=10**15, **options)


def create_app(models, **options):
    return App(models, **options)
