"""Takes no part in the lifespan: the server that runs it waits for a word that does not come."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_request_gets_its_predictions",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def live_through(self, receive, send):
        return


def create_app(models, **options):
    return App(models, **options)
