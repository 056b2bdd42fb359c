"""What a circuit breaker tolerates.

Rule: limits are values, checked once; whether they are reached is decided from counts alone.
"""

from dataclasses import dataclass

from groundwork.errors import ConfigurationError
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._window import CountWindow, TimeWindow, Totals


@dataclass(frozen=True, slots=True)
class Limits:
    """See ``CircuitBreaker`` for what each means."""

    window: CountWindow | TimeWindow
    failure_rate: float
    minimum_calls: int
    slow_call_s: float | None
    slow_rate: float | None
    cooldown_s: float
    probes: int
    probe_timeout_s: float

    def __post_init__(self) -> None:
        for name, share in (("failure_rate", self.failure_rate), ("slow_rate", self.slow_rate)):
            if share is not None:
                arguments.number(f"breaker {name}", share, above=True, most=1)
        arguments.count("breaker minimum_calls", self.minimum_calls)
        arguments.count("breaker probes", self.probes)
        for name, time_s in (
            ("slow_call_s", self.slow_call_s),
            ("cooldown_s", self.cooldown_s),
            ("probe_timeout_s", self.probe_timeout_s),
        ):
            if time_s is not None:
                arguments.number(f"breaker {name}", time_s, above=True)
        if isinstance(self.window, CountWindow) and self.minimum_calls > self.window.size:
            raise ConfigurationError(
                f"breaker minimum_calls={self.minimum_calls} never fit into a window of {self.window.size} calls; "
                "give fewer, or a larger window"
            )
        if self.slow_rate is not None and self.slow_call_s is None:
            raise ConfigurationError(f"breaker slow_rate={self.slow_rate} needs slow_call_s, which says what is slow")

    def reached(self, totals: Totals) -> str | None:
        """Say in words which limit is reached, or return None.

        Args:
            totals: What the window holds.
        """
        calls, failed, slow = totals
        if calls < self.minimum_calls:
            return None
        bad = failed + slow if self.slow_rate is None else failed
        if bad >= self.failure_rate * calls:
            return f"{bad} of {self._span(calls)} failed" + (" or were slow" if bad > failed else "")
        if self.slow_rate is not None and slow >= self.slow_rate * calls:
            return f"{slow} of {self._span(calls)} took {self.slow_call_s:g} s or more"
        return None

    def _span(self, calls: int) -> str:
        if isinstance(self.window, CountWindow):
            return f"the last {calls} calls"
        return f"{calls} calls within {self.window.span_s:g} s"
