"""Half-open is a state in which everybody is a probe."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "half_open_lets_only_probes_through",
    "a_lost_probe_frees_its_slot",
    "late_results_do_not_count",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "resilience.py")
CircuitOpen = right.CircuitOpen
TimeWindow = right.TimeWindow


class CircuitBreaker(right.CircuitBreaker):
    def full(self):
        return False
