from groundwork.environment._check import CHECKS, check
from groundwork.environment._create import create
from groundwork.environment._ensure import ensure
from groundwork.environment._env_file import format_env, parse_env
from groundwork.environment._finding import Finding, Severity, printable, worst_first
from groundwork.environment._fingerprint import Fingerprint, diff, fingerprint
from groundwork.environment._info import EnvironmentInfo, info
from groundwork.environment._junit import junit, write_junit
from groundwork.environment._lock import LockResult, lock
from groundwork.environment._machine import usable_cores
from groundwork.environment._plugin_kinds import NAME_PATTERN
from groundwork.environment._plugin_registry import (
    estimators_of,
    find_plugin,
    forget_plugin,
    look_for_plugin,
    no_plugin,
    plugin_names,
    register_plugin,
)
from groundwork.environment._plugins import Plugin, installed_plugins
from groundwork.environment._repair import Remedy, remedies, repair
from groundwork.environment._scripts import write_scripts
from groundwork.environment._secret import Secret
from groundwork.environment._settings import load_settings, sources
from groundwork.environment._settings_mistakes import Source
from groundwork.environment._sync import SyncResult, sync

__all__ = [
    "CHECKS",
    "NAME_PATTERN",
    "EnvironmentInfo",
    "Finding",
    "Fingerprint",
    "LockResult",
    "Plugin",
    "Remedy",
    "Secret",
    "Severity",
    "Source",
    "SyncResult",
    "check",
    "create",
    "diff",
    "ensure",
    "estimators_of",
    "find_plugin",
    "fingerprint",
    "forget_plugin",
    "format_env",
    "info",
    "installed_plugins",
    "junit",
    "load_settings",
    "lock",
    "look_for_plugin",
    "no_plugin",
    "parse_env",
    "plugin_names",
    "printable",
    "register_plugin",
    "remedies",
    "repair",
    "sources",
    "sync",
    "usable_cores",
    "worst_first",
    "write_junit",
    "write_scripts",
]
