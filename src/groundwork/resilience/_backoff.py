"""How long to wait before the next attempt.

Rule: no wait is longer than the cap, and jitter is drawn *below* it, so that clients who wait there stay spread out.
"""

import random
from dataclasses import dataclass
from typing import Literal, get_args

from groundwork.errors import ConfigurationError
from groundwork.resilience import _arguments as arguments

Jitter = Literal["equal", "full", "none", "decorrelated"]
_JITTERS = get_args(Jitter)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential growth up to a cap, spread by jitter.

    Equal jitter (half fixed, half random) is taken of the *capped* value; for the same spread of arrivals it needs
    fewer attempts than full jitter. Decorrelated jitter grows from the wait before instead of from the number of
    failures; ``factor`` plays no part in it.

    Attributes:
        initial_s: Wait after the first failure, in seconds, before jitter.
        factor: Growth from one wait to the next, at least 1.
        cap_s: No wait is longer, in seconds.
        jitter: ``equal`` gives [w/2, w], ``full`` [0, w], ``none`` w, where w is the capped value; ``decorrelated``
            gives [initial_s, 3 * the wait before], its upper end capped.

    Source:
        Brooker, "Exponential backoff and jitter", AWS Architecture Blog 2015.
    """

    initial_s: float = 0.1
    factor: float = 2.0
    cap_s: float = 5.0
    jitter: Jitter = "equal"

    def __post_init__(self) -> None:
        arguments.number("backoff initial_s", self.initial_s)
        arguments.number("backoff factor", self.factor, least=1)
        arguments.number("backoff cap_s", self.cap_s)
        if self.jitter not in _JITTERS:
            raise ConfigurationError(f"backoff jitter {self.jitter!r} is unknown; use one of {', '.join(_JITTERS)}")

    def wait_s(self, failures: int, rng: random.Random, previous_s: float | None = None) -> float:
        """Return the wait before the next attempt.

        Args:
            failures: Attempts that have failed so far, 1 or more.
            rng: Source of the jitter.
            previous_s: The wait before this one, or None before the second attempt; for ``decorrelated`` alone.

        Returns:
            Seconds, in [0, cap_s], also for any number of failures.
        """
        if self.jitter == "decorrelated":
            before_s = self.initial_s if previous_s is None else previous_s
            return rng.uniform(min(self.initial_s, self.cap_s), min(3 * before_s, self.cap_s))
        whole = self._whole_s(failures)
        if self.jitter == "none":
            return whole
        if self.jitter == "full":
            return rng.uniform(0.0, whole)
        return whole / 2 + rng.uniform(0.0, whole / 2)

    def _whole_s(self, failures: int) -> float:
        try:
            return min(self.initial_s * float(self.factor) ** (failures - 1), self.cap_s)
        except OverflowError:  # 2.0 ** 1024
            return self.cap_s if self.initial_s else 0.0
