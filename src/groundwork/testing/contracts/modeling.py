"""The contract of the modeling part: decorators, preprocessing, evaluation, a registry, an installed command.

Eleven topics, in any order.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import (
    _mod_cache_faults,
    _mod_evaluating,
    _mod_logging,
    _mod_plugins,
    _mod_preparing,
    _mod_project,
    _mod_signatures,
    _mod_timing,
    _mod_validating,
)

TOPICS = {
    _mod_timing.CHECKS: ("timed",),
    _mod_logging.CHECKS: ("logged",),
    _mod_cache_faults.CHECKS: ("cached",),
    _mod_validating.CHECKS: ("validated",),
    _mod_validating.DEPRECATED: ("deprecated",),
    _mod_signatures.CHECKS: ("timed", "logged", "cached", "validated"),
    _mod_preparing.CHECKS: ("impute", "scale"),
    _mod_evaluating.CHECKS: ("evaluate_classification", "evaluate_regression"),
    _mod_evaluating.INTERVALS: ("confidence_interval",),
    _mod_plugins.CHECKS: ("register", "find_plugin"),
    _mod_project.CHECKS: ("main",),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("modeling")
for _topic in TOPICS:
    CONTRACT.include(_topic)
