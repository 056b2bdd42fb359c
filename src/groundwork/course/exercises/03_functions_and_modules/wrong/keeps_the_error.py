"""An error is a result like others, and is raised again for ever."""

import contextlib
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "an_error_is_not_kept",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


class Entries(right.Entries):
    @contextlib.contextmanager
    def making(self, key, future):
        try:
            with super().making(key, future):
                yield
        except Exception:
            self.futures[key] = future, float("inf")
            raise


right.Entries = Entries
cached = right.cached
