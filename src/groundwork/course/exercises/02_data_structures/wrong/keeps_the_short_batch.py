"""Does not look at drop_last."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "drop_last_drops_what_is_short",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


class BatchLoader(right.BatchLoader):
    def __init__(self, frame, batch_size, *, drop_last=False, **options):
        super().__init__(frame, batch_size, **options)
