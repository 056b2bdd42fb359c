"""Sets a future that is done already; the error ends the worker, and all wait for ever."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_leaver_does_not_take_its_batch_along",
    "a_deadline_is_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "concurrency.py")
DeadlineExceeded = right.DeadlineExceeded
Overloaded = right.Overloaded
PredictionError = right.PredictionError


class Batcher(right.Batcher):
    async def serve(self, batch):
        answers = await self.answers([item for item, _ in batch])
        for (_, future), answer in zip(batch, answers, strict=True):
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
