"""The scenes of the contract of the resilience part: calls that fail so many times, on virtual time."""

import asyncio
import itertools
import re
from collections.abc import Callable, Coroutine
from typing import Any

from groundwork import errors
from groundwork.errors import ContractBroken
from groundwork.testing._clock import VirtualClock
from groundwork.testing._lab import Lab
from groundwork.testing._run_virtual import run_virtual

Fetch = Callable[..., Any]


class Killed(BaseException):
    """What nothing may catch: it ends a process in a test."""


def policy(subject: Any, lab: Lab, **options: Any) -> Callable[[Fetch], Fetch]:
    """Make a retry policy of the subject: ConnectionError, waits of 1, 2, 4, 8, 10, 10 s, the lab's time and chance."""
    steady = subject.Backoff(initial_s=1.0, factor=2.0, cap_s=10.0, jitter="none")
    chosen = {"on": ConnectionError, "backoff": steady, "clock": lab.clock, "seed": lab.seed}
    decorator: Callable[[Fetch], Fetch] = subject.retry(**{**chosen, **options})
    return decorator


def failing(
    times: float, clock: VirtualClock, *, error: Callable[[str], BaseException] = ConnectionError, takes_s: float = 0.0
) -> tuple[Fetch, list[float]]:
    """Make a function that fails so many times, and the list of the moments at which it is called."""
    calls: list[float] = []

    def fetch(row: int = 0) -> str:
        """Fetch a row."""
        calls.append(clock.monotonic())
        if takes_s:
            clock.sleep(takes_s)
        if len(calls) <= times:
            raise error(f"failure {len(calls)}")
        return f"row {row}"

    return fetch, calls


def failing_async(
    times: float, clock: VirtualClock, *, error: Callable[[str], BaseException] = ConnectionError, takes_s: float = 0.0
) -> tuple[Fetch, list[float]]:
    """Make the same as a coroutine function."""
    calls: list[float] = []

    async def fetch(row: int = 0) -> str:
        """Fetch a row."""
        calls.append(clock.monotonic())
        await clock.sleep_async(takes_s)
        if len(calls) <= times:
            raise error(f"failure {len(calls)}")
        return f"row {row}"

    return fetch, calls


def run(lab: Lab, main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on the lab's time."""
    return run_virtual(main, clock=lab.clock, seed=lab.seed)


def caught(act: Callable[[], Any], what: str, thrown: BaseException | None = None) -> BaseException:
    """Break the contract unless this raises something, and give it back; a Ctrl-C is taken only if it is ours."""
    try:
        value = act()
    except NotImplementedError:
        raise
    except (Exception, asyncio.CancelledError, Killed) as error:  # noqa: BLE001 - whatever it is, it is the finding
        return error
    except BaseException as error:
        if error is not thrown:
            raise
        return error
    # No address in a sentence: one failure is told in the same words each time.
    shown = re.sub(r"<(?:\w+\.)*(\w+) object at 0x\w+>", r"a \1", repr(value))
    raise ContractBroken(f"{what} gave {shown}; expected an error")


async def expect_cancelled(task: "asyncio.Future[Any]", where: str) -> None:
    """Break the contract unless a task that was just cancelled ends cancelled."""
    await asyncio.wait([task])
    error = None if task.cancelled() else task.exception()
    if isinstance(error, NotImplementedError):
        raise error
    if not task.cancelled():
        found = f"with {error!r}" if error else f"with {task.result()!r}, as if nothing had happened"
        raise ContractBroken(f"a task cancelled in {where} ended {found}; expected CancelledError")


def kind(subject: Any, name: str) -> type[BaseException]:
    """Find an error class: the subject's own of that name, or else groundwork's."""
    found: type[BaseException] = getattr(subject, name, getattr(errors, name))
    return found


def expect_kind(error: BaseException, subject: Any, *names: str, when: str) -> None:
    """Break the contract unless the error is of one of these classes."""
    if not isinstance(error, tuple(kind(subject, name) for name in names)):
        found = f"{type(error).__name__}: {str(error)[:60]}"
        raise ContractBroken(f"{when} there was {found}; expected {' or '.join(names)}") from error


def expect(found: Any, expected: Any, what: str) -> None:
    """Break the contract unless both are equal."""
    if found != expected:
        raise ContractBroken(f"{what}: found {str(found)[:120]}; expected {str(expected)[:120]}")


def expect_about(found: float, expected: float, what: str) -> None:
    """Break the contract unless both are the same time."""
    if abs(found - expected) > 1e-6:
        raise ContractBroken(f"{what}: found {found:.3f} s; expected {expected:.3f} s")


def gaps(moments: list[float]) -> list[float]:
    """Return the times between moments."""
    return [round(later - earlier, 6) for earlier, later in itertools.pairwise(moments)]
