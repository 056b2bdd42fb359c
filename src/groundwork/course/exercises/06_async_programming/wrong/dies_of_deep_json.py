"""Reads JSON as it comes; a body of brackets ends in a RecursionError."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_request_is_the_clients_fault",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    def parse(self, body):
        if body.count(b"[") > 1000:
            raise RecursionError("maximum recursion depth exceeded")
        return super().parse(body)


def create_app(models, **options):
    return App(models, **options)
