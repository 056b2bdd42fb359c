from groundwork.testing._clock import VirtualClock
from groundwork.testing._compare_arrays import assert_close
from groundwork.testing._contract import Check, Contract, Level
from groundwork.testing._crash import Crash
from groundwork.testing._deterministic import assert_deterministic
from groundwork.testing._failpoints import every_failpoint, failpoints, kill_self
from groundwork.testing._fake_model import FakeModel
from groundwork.testing._fault_fs import FaultFs
from groundwork.testing._fault_plan import Fault, FaultKind, FaultPlan
from groundwork.testing._faults import failing, full_disk, separate_disks, short_writes
from groundwork.testing._flaky_server import Asked, FlakyServer, Reply, flaky_server
from groundwork.testing._golden import Golden
from groundwork.testing._lab import Lab
from groundwork.testing._leaks import assert_no_leaks
from groundwork.testing._memory_limit import memory_limit
from groundwork.testing._model_server import model_server
from groundwork.testing._moment import moment_from
from groundwork.testing._mutant_forks import die_with_parent
from groundwork.testing._mutants import Mutant
from groundwork.testing._mutate import MutationResult, Tried, choose_mutants, mutate
from groundwork.testing._planted import Planted, plant
from groundwork.testing._processes import peak_memory_bytes
from groundwork.testing._promises import broken_promises
from groundwork.testing._run_virtual import Deadlocked, run_virtual
from groundwork.testing._simulation import Killed, Simulation
from groundwork.testing._small_data import SmallData, small_data
from groundwork.testing._subject import load_subject
from groundwork.testing._system_calls import Call, system_calls
from groundwork.testing._unpickling import unpicklings
from groundwork.testing._verdict import Outcome, Verdict, run_check, run_contract, withheld

__all__ = [
    "Asked",
    "Call",
    "Check",
    "Contract",
    "Crash",
    "Deadlocked",
    "FakeModel",
    "Fault",
    "FaultFs",
    "FaultKind",
    "FaultPlan",
    "FlakyServer",
    "Golden",
    "Killed",
    "Lab",
    "Level",
    "Mutant",
    "MutationResult",
    "Outcome",
    "Planted",
    "Reply",
    "Simulation",
    "SmallData",
    "Tried",
    "Verdict",
    "VirtualClock",
    "assert_close",
    "assert_deterministic",
    "assert_no_leaks",
    "broken_promises",
    "choose_mutants",
    "die_with_parent",
    "every_failpoint",
    "failing",
    "failpoints",
    "flaky_server",
    "full_disk",
    "kill_self",
    "load_subject",
    "memory_limit",
    "model_server",
    "moment_from",
    "mutate",
    "peak_memory_bytes",
    "plant",
    "run_check",
    "run_contract",
    "run_virtual",
    "separate_disks",
    "short_writes",
    "small_data",
    "system_calls",
    "unpicklings",
    "withheld",
]
