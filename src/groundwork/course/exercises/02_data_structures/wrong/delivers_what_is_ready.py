"""Delivers the batches as the threads finish them."""

import concurrent.futures
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "threads_do_not_change_the_sequence",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def made(self, order, begin):
        if not self.workers:
            yield from super().made(order, begin)
            return
        size = self.batch_size
        with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
            calls = [
                pool.submit(lambda n=n: self.transform(self.frame[order[n * size : (n + 1) * size]]))
                for n in range(begin, len(self))
            ]
            for call in concurrent.futures.as_completed(calls):
                yield call.result()
