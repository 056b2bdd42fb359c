"""Why a check failed, taken apart: what was found, what was expected, where, and what the check does.

Rule: nothing is run here; all of it comes from the verdict, the learner's text and the check's own text.
"""

import inspect
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from groundwork.testing import Check

_EXPECTED = re.compile(r";\s+expected\s+")
_PLACE = re.compile(r"\(line (\d+)\)")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a check failed.

    Attributes:
        found: What happened, with the input that showed it.
        expected: What should have; None where the message does not say.
        line: The learner's line that it came from, or None.
        text: What stands on that line; empty where it is not known.
    """

    found: str
    expected: str | None
    line: int | None
    text: str


def reason_of(message: str, file: Path) -> Reason:
    """Take a verdict's message apart.

    Args:
        message: As in the verdict.
        file: The learner's file.

    Returns:
        What it says.
    """
    *before, last = _EXPECTED.split(message)
    line = line_of(message)
    return Reason(
        found="; expected ".join(before) if before else message,
        expected=last if before else None,
        line=line,
        text=_line(file, line),
    )


def line_of(message: str) -> int | None:
    """Find the learner's line that a verdict's message names.

    Args:
        message: As in the verdict.

    Returns:
        The line, counted from 1, or None.
    """
    found = _PLACE.search(message)
    return int(found[1]) if found else None


def source_of_check(check: Check) -> str:
    """Return the text of a check: the smallest case that shows what it asks for.

    Args:
        check: The check.

    Returns:
        Its function as it stands in the contract, without the decorator; empty where its text is not installed.
    """
    try:
        lines, _ = inspect.getsourcelines(check.run)
    except OSError:
        return ""
    text = textwrap.dedent("".join(lines))
    start = re.search(r"^(async )?def ", text, re.MULTILINE)
    return text[start.start() :].rstrip() if start else text.rstrip()


def _line(file: Path, line: int | None) -> str:
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines() if line else []
    except OSError:
        return ""
    return lines[line - 1].strip() if line and line <= len(lines) else ""
