"""Fault plans for a ``Simulation``, which shrink to the fewest and earliest faults."""

from collections.abc import Mapping

from groundwork.errors import UsageError
from groundwork.testing._fault_plan import _DELAYS_S, _KINDS, Fault, FaultKind, FaultPlan
from groundwork.testing._strategies import strategies as st


def fault_plans(sites: Mapping[str, int], *, most: int = 5) -> st.SearchStrategy[FaultPlan]:
    """Draw plans of faults at the places that a dry run has passed.

    At a place strikes what ``FaultPlan.draw`` lets strike there.

    Args:
        sites: How often each place was reached; see ``Simulation.reached``.
        most: At most so many faults; none is a plan, too.

    Returns:
        The strategy.

    Raises:
        UsageError: There are no places.
    """
    if not sites:
        raise UsageError("no place was reached in the dry run", hint="run it under Simulation.process()")
    faults = st.sampled_from(sorted(sites)).flatmap(lambda site: _faults(site, sites[site]))
    return st.lists(faults, max_size=most).map(lambda drawn: FaultPlan(tuple(drawn)))


def _faults(site: str, reached: int) -> st.SearchStrategy[Fault]:
    kinds = next(kinds for start, kinds in _KINDS.items() if site.startswith(start))
    hits = st.integers(1, max(1, reached + reached // 2))

    def fault(hit: int, kind: FaultKind, delay_s: float) -> Fault:
        return Fault(site, hit, kind, delay_s if kind is FaultKind.DELAY else 0.0)

    return st.builds(fault, hits, st.sampled_from(kinds), st.sampled_from(_DELAYS_S))
