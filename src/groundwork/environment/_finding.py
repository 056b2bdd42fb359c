"""What a check found.

Rule: a finding says what is, what should be, and the command that mends it; ``ok`` is a finding too.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["ok", "warning", "error"]
_ORDER = {"error": 0, "warning": 1, "ok": 2}


@dataclass(frozen=True)
class Finding:
    """One result of one check.

    Args:
        check: Name of the check, as ``files``.
        severity: ``error`` keeps things from working, ``warning`` may, ``ok`` is as it should be.
        found: What is.
        expected: What should be.
        fix: The command or the step that mends it; empty when nothing is to mend.
        packages: Normalized names of packages whose reinstallation mends it.
        python: The interpreter of the environment in question.
        lock: The lock that pins the packages, or empty.
    """

    check: str
    severity: Severity
    found: str
    expected: str = ""
    fix: str = ""
    packages: tuple[str, ...] = ()
    python: str = ""
    lock: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain data.

        Returns:
            Every field by name.
        """
        return {**asdict(self), "packages": list(self.packages)}


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Sort findings by severity; among equals the order stays.

    Args:
        findings: In any order.

    Returns:
        A new list.
    """
    return sorted(findings, key=lambda one: _ORDER[one.severity])


def printable(text: str) -> str:
    r"""Escape what a terminal or XML would take for a command: a file may be called anything, and code print anything.

    Args:
        text: One line.

    Returns:
        The text with each character that does not print as in a literal of Python: ``\x1b``.
    """
    return text if text.isprintable() else "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
