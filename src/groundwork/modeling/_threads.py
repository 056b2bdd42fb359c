"""One OpenMP thread where several would cost more than they give.

Rule: a few rows are scored by one thread, and workers of our own never multiply with OpenMP's. Two OpenMP threads wait
for each other in a busy loop at every call: on a machine with other work one row then takes 50 ms instead of 5.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_FEW_ROWS = 2_000
_MOST_WORKERS = 8

In = TypeVar("In")
Out = TypeVar("Out")


def threads_for(rows: int) -> contextlib.AbstractContextManager[Any]:
    """Limit OpenMP to one thread in this thread, if there are few rows.

    Args:
        rows: How many are to be scored.

    Returns:
        A context manager.
    """
    return one_thread() if rows < _FEW_ROWS else contextlib.nullcontext()


def one_thread() -> contextlib.AbstractContextManager[Any]:
    """Limit OpenMP to one thread in this thread.

    Returns:
        A context manager; entering it costs about 10 microseconds.
    """
    limit: contextlib.AbstractContextManager[Any] = _controller().limit(limits=1, user_api="openmp")
    return limit


def map_in_threads(function: Callable[[In], Out], items: Iterable[In]) -> list[Out]:
    """Apply a function that spends its time in compiled code, one worker a core, each with one OpenMP thread.

    Args:
        function: Safe to run in several threads.
        items: Its arguments.

    Returns:
        Results in the order of the items.
    """

    def limited(item: In) -> Out:
        with one_thread():
            return function(item)

    with ThreadPoolExecutor(min(_MOST_WORKERS, os.cpu_count() or 1)) as pool:
        return list(pool.map(limited, items))


@functools.cache
def _controller() -> Any:
    # Looks for loaded OpenMP libraries, which takes milliseconds; those of scikit-learn are there by the first call.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
