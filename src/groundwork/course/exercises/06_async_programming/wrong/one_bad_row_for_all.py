"""Gives the model's error to all requests of the batch."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_bad_row_fails_its_own_request",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")


class Batching(right.Batcher):
    async def halves(self, items):
        return [right.PredictionError("the batch failed")] * len(items)


class App(right.App):
    def batching(self):
        return Batching(self.model.predict, max_size=self.max_batch_rows, max_queue=self.max_queue_rows)


def create_app(models, **options):
    return App(models, **options)
