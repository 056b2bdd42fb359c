"""The contract of the environment part: settings that mean what they say, a doctor that looks, a fingerprint.

Three topics, in any order.
"""

from groundwork.testing._contract import Contract
from groundwork.testing.contracts import _doctor_faults, _fingerprints, _settings_faults

TOPICS = {
    _settings_faults.CHECKS: ("parse_env", "format_env", "Secret", "load_settings"),
    _doctor_faults.CHECKS: ("check", "Finding"),
    _fingerprints.CHECKS: ("fingerprint", "diff"),
}
"""What each topic asks of the implementation, by name."""

CONTRACT = Contract("environment")
for _topic in TOPICS:
    CONTRACT.include(_topic)
