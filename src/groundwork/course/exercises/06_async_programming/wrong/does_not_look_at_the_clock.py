"""Does not look at the time that a request allows."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_request_keeps_its_time",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def submit_all(self, instances, deadline_s):
        return await super().submit_all(instances, None)


def create_app(models, **options):
    return App(models, **options)
