"""Create, check, repair and fingerprint a Python environment.

Rule: standard library alone at import time; bootstrap.py uses this door before anything is installed.
"""

from groundwork.environment._check import CHECKS, check
from groundwork.environment._create import create
from groundwork.environment._ensure import ensure
from groundwork.environment._finding import Finding, Severity, worst_first
from groundwork.environment._fingerprint import Fingerprint, diff, fingerprint
from groundwork.environment._info import EnvironmentInfo, info
from groundwork.environment._lock import LockResult, lock
from groundwork.environment._repair import repair
from groundwork.environment._sync import SyncResult, sync

__all__ = [
    "CHECKS",
    "EnvironmentInfo",
    "Finding",
    "Fingerprint",
    "LockResult",
    "Severity",
    "SyncResult",
    "check",
    "create",
    "diff",
    "ensure",
    "fingerprint",
    "info",
    "lock",
    "repair",
    "sync",
    "worst_first",
]
