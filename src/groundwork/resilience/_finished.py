"""Finished work that a journal remembers.

Rule: an output is reused under the same step, parameters and inputs, and only while it is what was written down.
"""

import logging
from typing import Any

from groundwork.resilience._result import StepStatus
from groundwork.resilience._step import Step
from groundwork.resilience._values import Value

_log = logging.getLogger("groundwork.resilience")


class Finished:
    """Outputs worth keeping, by key: a fallback's or a failure's is tried again."""

    def __init__(self) -> None:
        self._records: dict[str, dict[str, Any]] = {}

    def take(self, record: dict[str, Any]) -> None:
        """Remember a record of the journal, if it tells of finished work.

        Args:
            record: The next, oldest first.
        """
        if record.get("event") == "step_ended" and record["status"] == StepStatus.SUCCESS:
            self._records[record["key"]] = record

    def find(self, step: Step, key: str | None) -> tuple[dict[str, Any], Value] | None:
        """Return the record and the output of a step that need not run again.

        Args:
            step: The step.
            key: Its name with its inputs, or None where it has none.
        """
        record = self._records.get(key) if key is not None else None
        if record is None:
            return None
        output = Value(record["output"])
        # Records from before there were digests have none.
        if "sha256" in record and output.digest != record["sha256"]:
            _log.warning("the journal's output of step %s is not what its SHA-256 says; it runs again", step.name)
            return None
        return (record, output) if _is_valid(step, output) else None


def _is_valid(step: Step, output: Value) -> bool:
    try:
        return step.valid is None or step.valid(output.get())
    except Exception as error:  # noqa: BLE001 - a file that is gone may raise anything; doing the work again is safe
        _log.warning("whether step %s is still valid could not be told: %r; it runs again", step.name, error)
        return False
