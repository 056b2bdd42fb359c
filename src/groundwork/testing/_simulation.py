"""A program on a machine where a plan of faults comes true.

Rule: a fault is a place, which arrival there, and what goes wrong; the plan follows from a seed, so a failure can be
seen again. A killed process is one whose disk and failpoints answer no more: nothing that it does afterwards, no
``finally`` and no ``except``, leaves a trace. Cost: no process is started, no second waited. What was written outlives
a killed process, so syncs are counted but not made.
For one thread. Files changed by compiled extensions are not seen.
"""

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from groundwork.errors import TransientError
from groundwork.testing._clock import VirtualClock
from groundwork.testing._failpoints import every_failpoint
from groundwork.testing._fault_plan import Fault, FaultKind, FaultPlan
from groundwork.testing._system_calls import Call, system_calls


class Killed(BaseException):
    """The simulated end of a process; only ``Simulation.process`` catches it."""


class Simulation:
    """A machine on which processes run one after another.

    Example::

        simulation = Simulation(FaultPlan.draw(7, sites), clock)
        while not done:
            with simulation.process():
                done = program(folder, clock)

    Args:
        plan: What goes wrong.
        clock: The time of the machine, which delays move.
        kill: What a kill does, if not simulated: ``kill_self``, in a process that may be lost.

    Attributes:
        reached: How often each place was reached; what a dry run is for.
        struck: The faults that have come true, in their order.
        kills: How many processes were killed.
    """

    def __init__(
        self, plan: FaultPlan, clock: VirtualClock | None = None, *, kill: Callable[[], NoReturn] | None = None
    ) -> None:
        self.reached: Counter[str] = Counter()
        self.struck: list[Fault] = []
        self.kills = 0
        self._clock = VirtualClock() if clock is None else clock
        self._kill = kill
        self._dead = False
        # Of two faults for one arrival the first holds.
        self._faults = {(fault.site, fault.hit): fault for fault in reversed(plan.faults)}

    @property
    def missed(self) -> list[Fault]:
        """The faults at places that no process has reached at all: of a name that nothing has, or of code not run."""
        return [fault for (site, _), fault in self._faults.items() if not self.reached[site]]

    @contextmanager
    def process(self) -> Iterator[None]:
        """Run the block as one process: it ends, raises, or is killed, which ends the block and is no error.

        Yields:
            Nothing.
        """
        self._dead = False
        with every_failpoint(self._at), _swapped(self._calls()), system_calls(self._call):
            try:
                yield
            except BaseException:
                # A killed process tells nobody how its last words ended.
                if not self._dead:
                    raise
        self.kills += self._dead

    def _calls(self) -> dict[str, Callable[..., Any]]:
        """What ``system_calls`` does not see, and syncs: a function each, or it could not tell them apart."""
        calls: dict[str, Callable[..., Any]] = {
            name: (lambda *descriptor: None) for name in ("fsync", "fdatasync", "sync")
        }
        return {**calls, **{name: self._struck(name, getattr(os, name)) for name in ("mkdir", "rmdir")}}

    def _struck(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self._strike(f"os.{name}")
            return original(*arguments, **options)

        return call

    def _at(self, site: str) -> None:
        self._strike(site)

    def _call(self, call: Call) -> int | None:
        return self._strike(f"os.{call.name}", size=call.size)

    def _strike(self, site: str, size: int = 0) -> int | None:
        """Let the fault of this arrival come true; return to how many bytes it shortens a write."""
        if self._dead:
            self._die(site)
        self.reached[site] += 1
        fault = self._faults.get((site, self.reached[site]))
        if fault is None:
            return None
        self.struck.append(fault)
        if fault.kind is FaultKind.DELAY:
            self._clock.sleep(fault.delay_s)
        elif fault.kind is FaultKind.TRANSIENT:
            raise TransientError(f"no answer: {fault}")
        elif fault.kind in (FaultKind.EIO, FaultKind.ENOSPC):
            number = getattr(errno, fault.kind)
            raise OSError(number, f"{os.strerror(number)}: {fault}")
        else:
            self._dead = True
            if fault.kind is not FaultKind.TORN or size < 2:
                self._die(site)
            # Whatever comes next meets a dead machine.
            return size // 2
        return None

    def _die(self, site: str) -> NoReturn:
        if self._kill is not None:
            self._kill()
        if site.startswith("os."):
            # What cleans up meets a machine without a disk, and still closes its files: their locks die with a process.
            raise OSError(errno.ENODEV, "this process was killed")
        raise Killed(site)


@contextmanager
def _swapped(replacements: Mapping[str, Callable[..., Any]]) -> Iterator[None]:
    real = {name: getattr(os, name) for name in replacements if hasattr(os, name)}
    for name in real:
        setattr(os, name, replacements[name])
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)
