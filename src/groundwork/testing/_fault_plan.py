"""What goes wrong, and where: the faults of a simulation.

Rule: a fault is a place, which arrival there, and what goes wrong; a plan follows from a seed.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from groundwork.errors import UsageError
from groundwork.testing._system_calls import CALLS

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
