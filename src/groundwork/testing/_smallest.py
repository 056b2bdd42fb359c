"""Few items on which something breaks, found among many.

Rule: items are only ever left out, never changed, and what is left breaks in the same way; the order of the search
depends on nothing but the items. Cost: nothing where all is well, else at most 300 further runs, or 3 s.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_RUNS = 300
_LIMIT_S = 3.0


def hold_for_smallest(
    items: Sequence[Item], holds: Callable[[list[Item]], object], *, clock: Callable[[], float] = time.monotonic
) -> None:
    """Run a test on all items; where it raises, raise what it raises for as few of them as can be found.

    Args:
        items: All of them.
        holds: The test; it is called again and again, and must return where what is left makes no fair question.
        clock: Tells when to stop searching.
    """
    kept = list(items)
    failure = _failure(kept, holds)
    if failure is None:
        return
    end_s, runs, size = clock() + _LIMIT_S, 0, len(kept) // 2
    while size and runs < _RUNS and clock() < end_s:
        start, smaller = 0, False
        while start < len(kept) and runs < _RUNS and clock() < end_s:
            left = kept[:start] + kept[start + size :]
            found, runs = _failure(left, holds), runs + 1
            if type(found) is type(failure):
                kept, failure, smaller = left, found, True
            else:
                start += size
        size = size if smaller and size == 1 else size // 2
    assert failure is not None
    raise failure


def _failure(items: list[Item], holds: Callable[[list[Item]], object]) -> Exception | None:
    try:
        holds(items)
    # Whatever an implementation raises is the finding.
    except Exception as error:  # noqa: BLE001
        return error
    return None
