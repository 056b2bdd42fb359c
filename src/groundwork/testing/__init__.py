"""Testing: virtual time, failpoints, broken system calls, simulations, and contracts that grade an implementation."""

from groundwork.testing._clock import VirtualClock
from groundwork.testing._contract import Check, Contract, Level
from groundwork.testing._crash import Crash
from groundwork.testing._failpoints import every_failpoint, failpoints, kill_self
from groundwork.testing._fault_plan import Fault, FaultKind, FaultPlan
from groundwork.testing._faults import failing, full_disk, separate_disks, short_writes
from groundwork.testing._lab import Lab
from groundwork.testing._processes import peak_memory_bytes
from groundwork.testing._promises import broken_promises
from groundwork.testing._run_virtual import Deadlocked, run_virtual
from groundwork.testing._simulation import Killed, Simulation
from groundwork.testing._subject import load_subject
from groundwork.testing._system_calls import Call, system_calls
from groundwork.testing._unpickling import unpicklings
from groundwork.testing._verdict import Outcome, Verdict, run_check, run_contract, withheld

__all__ = [
    "Call",
    "Check",
    "Contract",
    "Crash",
    "Deadlocked",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "Killed",
    "Lab",
    "Level",
    "Outcome",
    "Simulation",
    "Verdict",
    "VirtualClock",
    "broken_promises",
    "every_failpoint",
    "failing",
    "failpoints",
    "full_disk",
    "kill_self",
    "load_subject",
    "peak_memory_bytes",
    "run_check",
    "run_contract",
    "run_virtual",
    "separate_disks",
    "short_writes",
    "system_calls",
    "unpicklings",
    "withheld",
]
