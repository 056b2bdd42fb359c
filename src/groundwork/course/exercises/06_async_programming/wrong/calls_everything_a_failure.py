"""Answers whatever goes wrong with 500, the client's mistakes too."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_request_is_the_clients_fault",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    def parse(self, body):
        try:
            return super().parse(body)
        except right.Refused as refused:
            raise right.Refused(500, "something went wrong") from refused


def create_app(models, **options):
    return App(models, **options)
