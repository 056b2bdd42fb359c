"""How many requests may be in flight, learnt from how long they take.

Rule: while requests take no longer than they should, the limit may grow; when they take longer, it shrinks in
proportion. It never falls below what keeps the model busy: one batch under way and one to follow it. Cost: well under a
microsecond per request; the limit moves once a round, which is as many answers as there are requests in flight, so that
no clock is needed.
"""

import math

from groundwork.errors import ConfigurationError

_LEAST_ROUND = 20
_START = 4
_UP = 0.2
_DOWN = 0.5
_STEEPEST = 2.0
_AFTER_DROPS = 0.9
_DROPS_THAT_COUNT = 0.1
_WARY_ROUNDS = 50


class AdaptiveLimit:
    """A concurrency limit by the gradient of latency.

    What latency is compared with decides about such a limit. A long-run average follows the overload that it should
    reveal, and the latency of an idle server is one that batching can never reach. Here it is the latency at the
    smallest limit, ``2 * batch_size * batches``, where the model is busy and nobody waits in vain. To see it, the limit
    goes there for one round, as Envoy's does, when requests are slow and no such look was taken in the last
    ``probe_rounds`` rounds; as the model stays busy, this costs no throughput.

    Two things are not taken for more than they are: a round in which less than half the limit was in flight is no
    reason to let more in, and a latency up to ``calm_s`` is no reason to refuse anybody.

    Args:
        batch_size: Most requests in one batch.
        batches: How many batches may be under way at once.
        max_limit: Never more than this in flight.
        tolerance: How many times the latency at the smallest limit is still well.
        calm_s: A latency that is well whatever it is compared with, in seconds.
        probe_rounds: After how many rounds the comparison is renewed.

    Attributes:
        in_flight: How many are in flight now.

    Raises:
        ConfigurationError: A number out of range.

    Source:
        Netflix concurrency-limits, Gradient2Limit; Envoy, adaptive concurrency filter.
    """

    __slots__ = (
        "_answered",
        "_base_s",
        "_calm_s",
        "_dropped",
        "_held",
        "_limit",
        "_max",
        "_min",
        "_peak",
        "_probe_rounds",
        "_room",
        "_rounds",
        "_seconds",
        "_skip",
        "_tolerance",
        "_wary",
        "in_flight",
    )

    def __init__(
        self,
        batch_size: int,
        *,
        batches: int = 1,
        max_limit: int = 4096,
        tolerance: float = 2.0,
        calm_s: float = 0.05,
        probe_rounds: int = 200,
    ) -> None:
        for name, value, least in (
            ("batch_size", batch_size, 1),
            ("batches", batches, 1),
            ("max_limit", max_limit, 1),
            ("tolerance", tolerance, 1),
            ("calm_s", calm_s, 0),
            ("probe_rounds", probe_rounds, 1),
        ):
            if not value >= least:
                raise ConfigurationError(f"{name} is {value}; it must be at least {least}")
        self._min = min(2 * batch_size * batches, max_limit)
        self._max = max_limit
        self._tolerance = tolerance
        self._calm_s = calm_s
        self._probe_rounds = probe_rounds
        self._base_s = 0.0
        self._limit = float(min(_START * self._min, max_limit))
        self._held: float | None = None
        self._skip = 0
        self._rounds = 0
        self._wary = 0
        self._peak = 0
        self.in_flight = 0
        self._begin_round()

    @property
    def limit(self) -> int:
        """How many may be in flight now."""
        return self._room

    @property
    def base_s(self) -> float:
        """The latency that others are compared with, in seconds; 0.0 before the first load."""
        return self._base_s

    def acquire(self) -> bool:
        """Ask for a request to be let in.

        Returns:
            Whether it is. Then, and only then, ``release`` must be called once.
        """
        in_flight = self.in_flight
        if in_flight >= self._room:
            return False
        in_flight += 1
        self.in_flight = in_flight
        if in_flight > self._peak:
            self._peak = in_flight
        return True

    def release(self, seconds: float | None, dropped: bool = False) -> None:
        """Say that a request is no longer in flight.

        Args:
            seconds: How long it took; None says nothing about the server, as when the client left or sent nonsense.
            dropped: It was given up because it took too long.
        """
        self.in_flight -= 1
        if self._skip:
            self._skip -= 1
            if not self._skip:
                self._begin_round()
            return
        if dropped:
            self._dropped += 1
        elif seconds is not None:
            self._seconds += seconds
            self._answered += 1
        else:
            return
        heard = self._answered + self._dropped
        if heard >= _LEAST_ROUND and heard >= self.in_flight:
            self._end_round()

    def _begin_round(self) -> None:
        self._room = int(self._limit)
        self._peak = self.in_flight
        self._seconds = 0.0
        self._answered = self._dropped = 0

    def _end_round(self) -> None:
        mean_s = self._seconds / self._answered if self._answered else 0.0
        late = self._dropped > _DROPS_THAT_COUNT * (self._answered + self._dropped)
        loaded = 2 * self._peak >= self._room
        # So few in flight are never too many, however long they take.
        slow = self._peak > self._min and (late or mean_s > self._calm_s)
        self._rounds += 1
        if loaded and mean_s:
            self._compare_with(mean_s)
        if self._held is not None:
            self._end_probe(loaded, late)
        elif slow and (not self._base_s or self._rounds >= self._probe_rounds):
            self._probe()
        elif slow or loaded:
            self._move(mean_s, late, loaded)
        self._begin_round()

    def _compare_with(self, mean_s: float) -> None:
        if self._room <= self._min:
            self._base_s = (self._base_s + mean_s) / 2 if self._base_s else mean_s
            self._rounds = 0
        elif mean_s < self._base_s:
            self._base_s = mean_s

    def _probe(self) -> None:
        """Go down to the smallest limit for a round; those let in before are not part of it."""
        self._held = min(self._limit, float(self._peak))
        self._limit = float(self._min)
        self._skip = self.in_flight

    def _end_probe(self, loaded: bool, late: bool) -> None:
        assert self._held is not None
        if not loaded:
            # The load went away before it was measured.
            self._rounds = 0
        if not late:
            self._limit = self._held
        self._held = None

    def _move(self, mean_s: float, late: bool, loaded: bool) -> None:
        # What nobody used says nothing about what can be carried.
        used = min(self._limit, float(self._peak))
        well_s = max(self._tolerance * self._base_s, self._calm_s)
        gradient = min(max(well_s / mean_s, 1 / _STEEPEST), _STEEPEST) if mean_s else 1.0
        if late:
            # Deadlines are shorter than what latency alone would allow: back off at once, come again slowly.
            self._wary = _WARY_ROUNDS
            moved = _AFTER_DROPS * used
        elif gradient < 1 or loaded:
            self._wary = max(0, self._wary - 1)
            gradient = min(gradient, 1.0) if self._wary else gradient
            limit, pace = (used, _DOWN) if gradient < 1 else (self._limit, _UP)
            moved = limit + pace * (limit * (gradient - 1) + math.sqrt(limit))
        else:
            return
        self._limit = min(max(moved, float(self._min)), float(self._max))
