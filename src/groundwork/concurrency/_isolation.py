"""A batch in which one bad item does not fail the others.

Rule: when ``predict`` raises, the batch is halved until the items at fault stand alone; only they get the error. The
good case costs one call; k bad items among n cost about 2 k log2(n) more, a model that fails on everything 2 n - 1.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from groundwork._failpoints import failpoint
from groundwork.errors import PredictionError

Answer: TypeAlias = Any
"""A result of ``predict``, or the exception that takes its place."""

# These can be walked through, but not item by item: without an order of their own, or pieces of one text.
_NO_RESULTS = (set, frozenset, Mapping, str, bytes, bytearray)


def predict_isolated(predict: Callable[[list[Any]], Iterable[Any]], items: list[Any]) -> list[Answer]:
    """Predict all items, giving an exception in the place of each that fails.

    Args:
        predict: Takes a list of items and returns one result each.
        items: At least one.

    Returns:
        One answer each, in order. A wrong number of results, or a set, a mapping or a text, is a ``PredictionError``
        for every item of that call: nobody can say which result belongs to which item.
    """
    try:
        failpoint("concurrency.batcher.before_predict")
        results = predict(items)
        failpoint("concurrency.batcher.after_predict")
        # What is no sequence is no item's fault, and halving would ask in vain. Lazy results may raise here.
        sequence = hasattr(results, "__iter__") and not isinstance(results, _NO_RESULTS)
        answers = list(results) if sequence else None
    except Exception as error:  # noqa: BLE001 - isolation is the point: a failure belongs to the items that cause it
        if len(items) == 1:
            return [error]
        middle = len(items) // 2
        return predict_isolated(predict, items[:middle]) + predict_isolated(predict, items[middle:])
    if answers is not None and len(answers) == len(items):
        return answers
    got = f"{len(answers)} results" if answers is not None else f"a {type(results).__name__}"
    return [
        PredictionError(
            f"predict returned {got} for {len(items)} items", hint="Return one result for each item, in order."
        )
    ] * len(items)
