"""One sign of leakage, and from when on it is serious."""

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["warning", "error"]
FindingKind = Literal["column", "key", "group", "duplicate", "near-duplicate", "time"]

FEW = 0.01


@dataclass(frozen=True)
class LeakageFinding:
    """One sign of leakage.

    Attributes:
        kind: ``column`` (features tell the target), ``key`` (one key on both sides), ``group`` (one group on both
            sides), ``duplicate`` (equal rows on both sides), ``near-duplicate`` (rows almost equal), ``time`` (the
            earlier part reaches into the time of the later).
        severity: ``error`` where a score cannot be trusted, ``warning`` where somebody should look.
        columns: The columns concerned.
        message: One sentence with the numbers.
        evidence: The numbers; of what parts share, ``part`` is the one whose score flatters.
    """

    kind: FindingKind
    severity: Severity
    columns: list[str]
    message: str
    evidence: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "columns": list(self.columns),
            "message": self.message,
            "evidence": dict(self.evidence),
        }


def severity_of(share: float) -> Severity:
    """Tell how serious it is that this share of a part's rows is known beforehand.

    Args:
        share: From 0 to 1.

    Returns:
        ``error`` from 1% on.
    """
    return "error" if share >= FEW else "warning"
