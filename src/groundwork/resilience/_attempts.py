"""The attempts of one call: after each failure, whether there is another, and when.

Rule: decided here, once, for decorators, calls and loops, synchronous or not; nobody waits for an attempt that could
not begin.
No failed attempt's exception is kept, only its words: it would keep the arguments of the call alive.
"""

import random
from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING, Any

from groundwork.errors import DeadlineExceeded, MLException, RetryExhausted, UsageError, first_line
from groundwork.resilience._clock import Clock
from groundwork.resilience._deadline import deadline, remaining_s
from groundwork.resilience._retry_hooks import RetryAttempt, tell

if TYPE_CHECKING:
    from groundwork.resilience._retry import Retry

_NOTES = 9
_A_YEAR_S = 365 * 86_400.0
# Each draw comes from the system, so that processes forked from one parent do not wait in step.
_ENTROPY = random.SystemRandom()


class Attempts:
    """Iterates over the attempts of one call, waiting before each but the first; ends when one succeeded."""

    __slots__ = ("_backoff_s", "_clock", "_earlier", "_failures", "_name", "_open", "_policy", "_start_s", "_wait_s")

    def __init__(self, policy: "Retry", name: str, start_s: float, clock: Clock | None = None) -> None:
        self._policy = policy
        self._clock = clock or policy.clock
        self._name = name
        self._start_s = start_s
        self._failures = 0
        self._wait_s: float | None = 0.0
        self._backoff_s: float | None = None
        self._earlier: deque[str] | None = None
        self._open = False

    def __iter__(self) -> "Attempts":
        return self

    def __next__(self) -> "Attempt":
        wait_s = self._due_in_s()
        if wait_s is None:
            raise StopIteration
        if self._failures:
            self._clock.sleep(wait_s)
        return Attempt(self, self._failures + 1)

    def __aiter__(self) -> "Attempts":
        return self

    async def __anext__(self) -> "Attempt":
        wait_s = self._due_in_s()
        if wait_s is None:
            raise StopAsyncIteration
        if self._failures:
            await self._clock.sleep_async(wait_s)
        return Attempt(self, self._failures + 1)

    def _due_in_s(self) -> float | None:
        if self._open:
            raise UsageError("an attempt was not entered", hint="write `with attempt:` around the body of the loop")
        wait_s, self._wait_s = self._wait_s, None
        self._open = wait_s is not None
        return wait_s

    def close(self) -> None:
        """Note that the attempt has ended; unless ``again`` says otherwise it was the last."""
        self._open = False

    def scope(self) -> deadline | None:
        """Return the deadline of the attempt now to begin, the shorter of its own and what is left, or None."""
        limit_s, left_s = self._policy.attempt_timeout_s, self._left_s()
        if limit_s is None or (left_s is not None and left_s < limit_s):
            limit_s = left_s
        return None if limit_s is None else deadline.of(limit_s, self._policy.clock)

    def again(self, error: Exception, *, overrun: bool = False) -> bool:
        """Decide after a failure.

        Args:
            error: The failure; being handled by the caller.
            overrun: The attempt ran out of its own time, which is always worth another.

        Returns:
            Whether there is another attempt; if not, the error is none of this policy's and goes on its way.

        Raises:
            RetryExhausted: There can be no other attempt.
        """
        policy = self._policy
        if not (overrun or policy.retries(error)):
            return False
        self._failures += 1
        wait_s = self._next_wait_s(error)
        seconds = policy.clock.monotonic() - self._start_s
        stopped = self._why_stop(wait_s)
        tell(
            policy.hook,
            RetryAttempt(self._name, self._failures, error, seconds, None if stopped else wait_s, stopped),
        )
        if stopped:
            raise self._exhausted(error, seconds, stopped) from error
        if self._earlier is None:
            self._earlier = deque(maxlen=_NOTES)
        self._earlier.append(f"attempt {self._failures}: {_words(error)}")
        self._wait_s = wait_s
        return True

    def _left_s(self) -> float | None:
        policy = self._policy
        if policy.deadline_s is None:
            return None
        return max(0.0, self._start_s + policy.deadline_s - policy.clock.monotonic())

    def _next_wait_s(self, error: Exception) -> float:
        rng = self._policy.rng or _ENTROPY
        self._backoff_s = self._policy.backoff.wait_s(self._failures, rng, self._backoff_s)
        return max(self._backoff_s, _asked_s(error) or 0.0)

    def _why_stop(self, wait_s: float) -> str | None:
        policy = self._policy
        if policy.attempts is not None and self._failures >= policy.attempts:
            return "no attempt is left"
        left_s, around_s = self._left_s(), remaining_s()
        if left_s is not None and wait_s >= left_s:
            return f"deadline_s={policy.deadline_s:g} leaves {left_s:.2f} s and the wait would be {wait_s:.2f} s"
        if around_s is not None and wait_s >= around_s:
            return f"the deadline around the call leaves {around_s:.2f} s and the wait would be {wait_s:.2f} s"
        if wait_s > _A_YEAR_S:
            return f"the wait would be {wait_s:g} s"
        if policy.budget is not None and not policy.budget.withdraw():
            return "the retry budget is spent"
        return None

    def _exhausted(self, error: Exception, seconds: float, stopped: str) -> RetryExhausted:
        bound = self._policy.attempts
        count = f"{self._failures} attempts" if bound is None else f"{self._failures} of {bound} attempts"
        reason = "" if self._failures == bound else f"{stopped}; "
        context = getattr(error, "context", None)
        exhausted = RetryExhausted(
            f"{count} failed in {seconds:.1f} s; {reason}the last: {_words(error)}",
            attempts=self._failures,
            seconds=seconds,
            retry_after_s=_asked_s(error),
            hint=getattr(error, "hint", None),
            context={**(context if isinstance(context, dict) else {}), "attempts": self._failures, "seconds": seconds},
        )
        notes = self._earlier or ()
        hidden = self._failures - 1 - len(notes)
        if hidden:
            exhausted.add_note(f"attempts 1 to {hidden}: left out here")
        for note in notes:
            exhausted.add_note(note)
        return exhausted


class Attempt:
    """One attempt: ``with attempt:``, or ``async with attempt:`` so that its time limits can cancel it.

    Attributes:
        number: Which it is, from 1.
        overran: Set by whoever limits its time in another way: a ``DeadlineExceeded`` is then worth another attempt.
    """

    __slots__ = ("_attempts", "_scope", "number", "overran")

    def __init__(self, attempts: Attempts, number: int) -> None:
        self._attempts = attempts
        self._scope: deadline | None = None
        self.number = number
        self.overran = False

    def __enter__(self) -> "Attempt":
        self._scope = self._attempts.scope()
        if self._scope is not None:
            self._scope.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._scope is not None:
            try:
                self._scope.__exit__(kind, error, traceback)
            except DeadlineExceeded as overrun:
                return self._ended(overrun)
        return self._ended(error)

    async def __aenter__(self) -> "Attempt":
        self._scope = self._attempts.scope()
        if self._scope is not None:
            await self._scope.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._scope is not None:
            try:
                await self._scope.__aexit__(kind, error, traceback)
            except DeadlineExceeded as overrun:
                if self._ended(overrun):
                    return True
                raise  # the cancellation was taken back, so it must not go on
        return self._ended(error)

    def _ended(self, error: BaseException | None) -> bool:
        self._attempts.close()
        # Ctrl-C, exit, cancellation and the closing of a generator are no Exception, and nothing to try again.
        if not isinstance(error, Exception):
            return False
        late = self.overran or (self._scope is not None and self._scope.overrun)
        return self._attempts.again(error, overrun=late and isinstance(error, DeadlineExceeded))


def _words(error: Exception) -> str:
    # A message of ours stands for itself; what others raise may say no more than 'key'.
    line = first_line(error)
    kind = type(error).__name__
    return line if isinstance(error, MLException) or line == kind else f"{kind}: {line}"


def _asked_s(error: Exception) -> float | None:
    """What the failure itself asks for; another library's attribute of that name may hold anything."""
    asked: Any = getattr(error, "retry_after_s", None)
    return float(asked) if isinstance(asked, int | float) and asked >= 0 else None
