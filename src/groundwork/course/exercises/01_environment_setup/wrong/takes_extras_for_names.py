"""Looks for a package of the name uvicorn[standard]."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_lock_is_read_as_it_is_written",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def pins(lock):
    text = lock.read_text(encoding="utf-8").replace("[", ".").replace("]", "")
    plain = lock.with_name(f"{lock.name}.plain")
    plain.write_text(text, encoding="utf-8")
    found = list(right_pins(plain))
    plain.unlink()
    return found


right_pins = right.pins
right.pins = pins
Finding = right.Finding
check = right.check
