"""Findings as a JUnit report, which CI systems read.

Rule: one testcase a check and one failure an error; a warning fails nothing and is told in the testcase's output.
The file appears whole or not at all.
"""

import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from groundwork.environment._finding import Finding, printable
from groundwork.errors import ConfigurationError


def write_junit(path: Path | str, findings: Iterable[Finding]) -> None:
    """Write a JUnit report.

    Args:
        path: The file; one that is there is replaced in one step.
        findings: As ``check`` returns them.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    path = Path(path)
    text = junit(findings)
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not stat.S_ISREG(target.stat().st_mode):
            # A pipe or a terminal takes the text; it must not be replaced by a file.
            target.write_text(text, encoding="utf-8")
            return
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise ConfigurationError(
            f"cannot write the report {path}: {error.strerror or error}",
            hint="name a file in a folder that is there and may be written",
        ) from error


def junit(findings: Iterable[Finding]) -> str:
    """Make the text of a JUnit report.

    Args:
        findings: As ``check`` returns them.

    Returns:
        XML.
    """
    from xml.etree import ElementTree

    by_check: dict[str, list[Finding]] = {}
    for one in findings:
        by_check.setdefault(one.check, []).append(one)
    failed = sum(any(one.severity == "error" for one in group) for group in by_check.values())
    counts = {"tests": str(len(by_check)), "failures": str(failed), "errors": "0", "skipped": "0"}
    root = ElementTree.Element("testsuites", {"name": "groundwork env check", **counts})
    suite = ElementTree.SubElement(root, "testsuite", {"name": "environment", **counts})
    for name, group in by_check.items():
        case = ElementTree.SubElement(suite, "testcase", {"name": name, "classname": "groundwork.environment"})
        for one in group:
            if one.severity == "error":
                failure = ElementTree.SubElement(case, "failure", {"message": printable(one.found), "type": name})
                failure.text = _told(one)
        others = [f"{one.severity}: {_told(one)}" for one in group if one.severity != "error"]
        if others:
            ElementTree.SubElement(case, "system-out").text = "\n".join(others)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _told(one: Finding) -> str:
    rows = [one.found, f"expected: {one.expected}" if one.expected else "", f"mend: {one.fix}" if one.fix else ""]
    return "\n".join(printable(row) for row in rows if row)
