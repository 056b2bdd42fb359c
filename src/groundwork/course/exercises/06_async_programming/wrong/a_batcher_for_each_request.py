"""Makes a batcher for each request; each is always idle."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "requests_share_a_batch",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class App(right.App):
    async def submit_all(self, instances, deadline_s):
        async with self.batching() as self.batcher:
            return await super().submit_all(instances, deadline_s)


def create_app(models, **options):
    return App(models, **options)
