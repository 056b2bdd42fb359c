"""Has one handler, which answers whatever is asked for."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "it_says_how_it_is",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def answer(self, scope, receive):
        known = {**scope, "path": "/v2/health/live" if scope["path"] not in self.routes else scope["path"]}
        return await super().answer({**known, "method": next(iter(self.routes[known["path"]]))}, receive)


def create_app(models, **options):
    return App(models, **options)
