"""Shut down, it lets the batch under way end and drops what waits."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_shutdown_answers_what_was_accepted",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Batching(right.Batcher):
    async def __aexit__(self, *_):
        for _, future in self.queue:
            if not future.done():
                future.set_exception(right.Overloaded("the server ends"))
        await super().__aexit__()


class App(right.App):
    def batching(self):
        return Batching(self.model.predict, max_size=self.max_batch_rows, max_queue=self.max_queue_rows)


def create_app(models, **options):
    return App(models, **options)
