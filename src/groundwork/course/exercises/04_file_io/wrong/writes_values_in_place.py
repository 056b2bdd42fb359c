"""Encodes first, but then writes to the path itself."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "killed_in_a_write_it_is_old_or_new",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "storage.py")
read = right.read


def write(path, value):
    path = Path(path)
    scratch = path.with_name(f"new.{path.name}")
    try:
        right.write(scratch, value)
        with open(path, "wb") as file:
            file.write(scratch.read_bytes())
    finally:
        scratch.unlink(missing_ok=True)
