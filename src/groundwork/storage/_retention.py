"""Which checkpoints stay.

Rule: a pure decision over what the manifests say; the store adds the newest that verifies, which always stays.
"""

import difflib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from groundwork.errors import UsageError
from groundwork.storage._manifest import CheckpointInfo

_AS = {"last": "last=3", "best": "best=('roc_auc', 1)", "every": "every=1000"}


@dataclass(frozen=True)
class Keep:
    """How many checkpoints a store keeps; one stays if any of the rules asks for it.

    Attributes:
        last: The newest so many, at least 1.
        best: A metric and how many of the best by it, as ``("roc_auc", 1)``; higher is better, unless the name is
            written with a minus, as ``("-brier", 2)``.
        every: Each step that this number divides, as 1000 keeps the steps 1000, 2000, … for good.

    Raises:
        UsageError: A number is below 1, or no number, or ``best`` is no metric with one.
    """

    last: int = 3
    best: tuple[str, int] | None = None
    every: int | None = None

    def __post_init__(self) -> None:
        best = self.best
        if not (best is None or (isinstance(best, tuple) and len(best) == 2 and isinstance(best[0], str))):
            raise UsageError(
                f"Keep(best={best!r}): it takes a metric and how many", hint="write Keep(best=('roc_auc', 1))"
            )
        numbers = {"last": self.last, "best": best[1] if best else 1, "every": 1 if self.every is None else self.every}
        for name, number in numbers.items():
            if isinstance(number, bool) or not isinstance(number, int):
                raise UsageError(f"Keep({name}): {number!r} is no whole number", hint=f"as Keep({_AS[name]})")
        if self.last < 1:
            raise UsageError(f"Keep(last={self.last}): at least one checkpoint must stay", hint="use last=1 or more")
        if self.best is not None and self.best[1] < 1:
            raise UsageError(f"Keep(best={self.best}): the number must be 1 or more", hint="use best=None for none")
        if self.every is not None and self.every < 1:
            raise UsageError(f"Keep(every={self.every}): the number must be 1 or more", hint="use every=None for none")


def kept_steps(infos: Iterable[CheckpointInfo], keep: Keep) -> set[int]:
    """Decide which steps stay.

    Args:
        infos: The checkpoints there are.
        keep: The rule.

    Returns:
        Their steps.
    """
    newest_first = sorted(infos, key=lambda info: -info.step)
    kept = {info.step for info in newest_first[: keep.last]}
    if keep.best is not None:
        metric, count = keep.best
        kept |= {info.step for info in ranked(newest_first, metric)[:count]}
    if keep.every is not None:
        kept |= {info.step for info in newest_first if info.step % keep.every == 0}
    return kept


def ranked(infos: Iterable[CheckpointInfo], metric: str) -> Sequence[CheckpointInfo]:
    """Sort checkpoints by a metric, best first; of equals the newest first.

    Args:
        infos: The checkpoints.
        metric: Its name, with a minus before it if lower is better.

    Returns:
        Those that have the metric; NaN counts as not having it.
    """
    name, sign = (metric[1:], 1) if metric.startswith("-") else (metric, -1)
    having = [info for info in infos if not math.isnan(info.metrics.get(name, math.nan))]
    return sorted(having, key=lambda info: (sign * info.metrics[name], -info.step))


def require_metric(keep: Keep, there: Collection[str], whose: str) -> None:
    """Refuse a rule by a metric that is not there: it would keep nothing, and lose the best without a word.

    Args:
        keep: The rule.
        there: The names of the metrics there are.
        whose: Who has them, for the message.

    Raises:
        UsageError: The metric is not among them; a NaN is.
    """
    name = keep.best[0].removeprefix("-") if keep.best is not None else None
    if name is None or name in there:
        return
    near = difflib.get_close_matches(name, there, n=3, cutoff=0.5)
    known = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(sorted(there)) or 'none'}"
    raise UsageError(f"{whose} the metric {name!r}, by which the best are kept", hint=known)
