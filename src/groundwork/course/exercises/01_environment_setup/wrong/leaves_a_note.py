"""Writes its findings into the environment, beside what it checks."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "checking_changes_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def check(python=None, *, only=None, **options):
    findings = right.check(python, only=only, **options)
    if python is not None and Path(python).exists():
        (Path(python).parent.parent / "doctor.txt").write_text(str(findings), encoding="utf-8")
    return findings


Finding = right.Finding
