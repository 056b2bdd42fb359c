"""Create, check, repair and fingerprint a Python environment.

Rule: standard library alone at import time; bootstrap.py uses this door before anything is installed.
"""

from groundwork.environment._check import CHECKS, check
from groundwork.environment._create import create
from groundwork.environment._ensure import ensure
from groundwork.environment._finding import Finding, Severity, worst_first
from groundwork.environment._fingerprint import Fingerprint, diff, fingerprint
from groundwork.environment._lock import LockResult, lock
from groundwork.environment._repair import repair

__all__ = [
    "CHECKS",
    "Finding",
    "Fingerprint",
    "LockResult",
    "Severity",
    "check",
    "create",
    "diff",
    "ensure",
    "fingerprint",
    "lock",
    "repair",
    "worst_first",
]
