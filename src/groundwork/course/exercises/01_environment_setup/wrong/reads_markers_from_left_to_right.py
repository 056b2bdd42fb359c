"""and and or bind alike."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "markers_decide_what_counts",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def either(tokens, values):
    held = right.single(tokens, values)
    while tokens and tokens[0] in ("and", "or"):
        word = tokens.pop(0)
        other = right.single(tokens, values)
        held = (held and other) if word == "and" else (held or other)
    return held


right.either = either
Finding = right.Finding
check = right.check
