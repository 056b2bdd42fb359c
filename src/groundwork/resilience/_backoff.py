"""How long to wait before the next attempt."""

import random
from dataclasses import dataclass
from typing import Literal

from groundwork.errors import ConfigurationError

Jitter = Literal["equal", "full", "none"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential growth up to a cap, spread by jitter.

    Equal jitter (half fixed, half random) is taken of the *capped* value, so that clients at the cap stay spread out;
    it needs fewer attempts than full jitter for the same spread of arrivals.

    Attributes:
        initial_s: Wait after the first failure, in seconds, before jitter.
        factor: Growth from one wait to the next, at least 1.
        cap_s: No wait is longer, in seconds.
        jitter: ``equal`` gives [w/2, w], ``full`` [0, w], ``none`` w.

    Source:
        Brooker, "Exponential backoff and jitter", AWS Architecture Blog 2015.
    """

    initial_s: float = 0.1
    factor: float = 2.0
    cap_s: float = 5.0
    jitter: Jitter = "equal"

    def __post_init__(self) -> None:
        if self.initial_s < 0 or self.cap_s < 0 or self.factor < 1:
            raise ConfigurationError(
                f"backoff initial_s={self.initial_s}, factor={self.factor}, cap_s={self.cap_s} cannot work; "
                "give waits of 0 or more and a factor of at least 1"
            )
        if self.jitter not in ("equal", "full", "none"):
            raise ConfigurationError(f"backoff jitter {self.jitter!r} is unknown; use 'equal', 'full' or 'none'")

    def wait_s(self, failures: int, rng: random.Random) -> float:
        """Return the wait before the next attempt.

        Args:
            failures: Attempts that have failed so far, 1 or more.
            rng: Source of the jitter.

        Returns:
            Seconds, in [0, cap_s], also for any number of failures.
        """
        try:
            whole = min(self.initial_s * self.factor ** (failures - 1), self.cap_s)
        except OverflowError:
            whole = self.cap_s
        if self.jitter == "none":
            return whole
        if self.jitter == "full":
            return rng.uniform(0.0, whole)
        return whole / 2 + rng.uniform(0.0, whole / 2)
