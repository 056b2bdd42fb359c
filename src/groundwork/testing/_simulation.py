"""A program on a machine where a plan of faults comes true.

Rule: a fault is a place, which arrival there, and what goes wrong; the plan follows from a seed, so a failure can be
seen again. A killed process is one whose disk and failpoints answer no more: nothing that it does afterwards, no
``finally`` and no ``except``, leaves a trace. Cost: no process is started, no second waited. What was written outlives
a killed process, so syncs are counted but not made.
For one thread. Files changed by compiled extensions are not seen.
"""

import errno
import math
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from groundwork.errors import TransientError, UsageError
from groundwork.testing._clock import VirtualClock
from groundwork.testing._failpoints import every_failpoint
from groundwork.testing._system_calls import CALLS, Call, system_calls

# What a simulation strikes: the calls that are watched, and two more.
_CALLS = {*CALLS, "mkdir", "rmdir"}
_DELAYS_S = (0.01, 1.0, 60.0)


class FaultKind(StrEnum):
    """What goes wrong.

    TORN: the process is killed when half of a write is on the disk. TRANSIENT: the other side does not answer.
    """

    EIO = "EIO"
    ENOSPC = "ENOSPC"
    TRANSIENT = "TRANSIENT"
    DELAY = "DELAY"
    KILL = "KILL"
    TORN = "TORN"


_DISK = (FaultKind.EIO, FaultKind.ENOSPC, FaultKind.KILL)
# The first that fits. A file that cannot be removed stays, and no program can help it.
_KINDS = {
    "os.write": (*_DISK, FaultKind.TORN),
    "os.unlink": (FaultKind.KILL,),
    "os.remove": (FaultKind.KILL,),
    "os.rmdir": (FaultKind.KILL,),
    "os.": _DISK,
    "storage.": (*_DISK, FaultKind.DELAY),
    "serving.load.": (FaultKind.EIO, FaultKind.TRANSIENT, FaultKind.KILL, FaultKind.DELAY),
    "pipeline.": (FaultKind.KILL, FaultKind.DELAY),
    "": (FaultKind.TRANSIENT, FaultKind.KILL, FaultKind.DELAY),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        site: A failpoint, or ``os.write``, ``os.fsync``, ... for a system call.
        hit: At which arrival, counted from 1 over all processes of a simulation.
        kind: What.
        delay_s: For DELAY, how long.

    Raises:
        UsageError: There is no such system call, arrival, kind or delay.
    """

    site: str
    hit: int
    kind: FaultKind
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.site.startswith("os.") and self.site[3:] not in _CALLS:
            raise UsageError(
                f"a fault at {self.site} would never strike; the system calls are {', '.join(sorted(_CALLS))}"
            )
        if isinstance(self.hit, bool) or not isinstance(self.hit, int) or self.hit < 1:
            raise UsageError(f"a fault strikes at arrival 1 or a later one, and not at {self.hit!r}")
        if not isinstance(self.kind, FaultKind):
            raise UsageError(f"a fault's kind is a FaultKind, and not {self.kind!r}; give one, as FaultKind.KILL")
        if not (isinstance(self.delay_s, int | float) and 0 <= self.delay_s < math.inf):
            raise UsageError(f"a fault cannot delay by {self.delay_s!r} s; give a finite number of 0 or more")

    def __str__(self) -> str:
        delay = f" {self.delay_s:g} s" if self.kind is FaultKind.DELAY else ""
        return f"{self.kind}{delay} at {self.site}, arrival {self.hit}"


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """The faults of one simulation.

    Attributes:
        faults: In no order.
        seed: Where they come from, or None.
    """

    faults: tuple[Fault, ...] = ()
    seed: int | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.faults, tuple) and all(isinstance(fault, Fault) for fault in self.faults)):
            raise UsageError(f"a plan's faults are a tuple of Fault, and not {self.faults!r}")

    @classmethod
    def draw(cls, seed: int, sites: Mapping[str, int], *, most: int = 5) -> "FaultPlan":
        """Choose faults for places that a dry run has found.

        Disk errors strike in storage, at system calls and while a served model is loaded; a silent other side at the
        rest of serving and at the program's own failpoints; a kill and a delay nearly everywhere. An arrival may lie
        beyond those of the dry run, for a restarted program arrives again.

        Args:
            seed: Decides.
            sites: How often each place was reached; see ``Simulation.reached``.
            most: At most so many faults, at least one.

        Returns:
            The plan.

        Raises:
            UsageError: There are no places.
        """
        if not sites:
            raise UsageError("no place was reached in the dry run", hint="run it under Simulation.process()")
        rng = random.Random(seed)
        names = sorted(sites)
        faults = []
        for _ in range(rng.randint(1, most)):
            site = rng.choice(names)
            kind = rng.choice(next(kinds for start, kinds in _KINDS.items() if site.startswith(start)))
            hit = rng.randint(1, sites[site] + sites[site] // 2)
            faults.append(Fault(site, hit, kind, rng.choice(_DELAYS_S) if kind is FaultKind.DELAY else 0.0))
        return cls(tuple(faults), seed)

    def __str__(self) -> str:
        return "; ".join(map(str, self.faults)) or "no faults"


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
