"""The contract of ``check`` where files are concerned: what RECORD promises, byte for byte."""

import hashlib
import os
from itertools import count
from pathlib import Path
from typing import Any

from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._doctor import CHECKS as CHECKS
from groundwork.testing.contracts._environment_scenes import (
    SCRIPTS,
    examine,
    expect_healthy,
    expect_told,
    expect_untold,
    install,
    project,
    record_hash,
)

_MODULES = {"flights/a.py": "A = 1\n", "flights/b.py": "B = 2\n", "flights/c.py": "C = 3\n"}


@CHECKS.check(
    Level.BASIC,
    rule="An installed file that is deleted or emptied is named; its whole neighbours are not.",
    why="A venv with one module deleted and one blanked passes uv sync --check, uv pip check and pip check.",
    hint="RECORD is a CSV file in each *.dist-info: path from the folder of packages, sha256=..., size.",
    after=["a_healthy_environment_is_fine"],
)
def a_deleted_or_emptied_file_is_found(subject: Any, lab: Lab) -> None:
    """One of each, in a package of three modules, beside another package."""
    place = project(lab)
    install(place.site, "flights", files=_MODULES)
    install(place.site, "tables")
    (place.site / "flights" / "a.py").unlink()
    (place.site / "flights" / "b.py").write_bytes(b"")
    findings = examine(subject, place, "files")
    expect_told(findings, "flights", "a.py", "b.py", what="a.py deleted, b.py emptied")
    expect_untold(findings, "c.py", "tables", what="files that are whole")


@CHECKS.check(
    Level.FAULT,
    rule="One changed byte is found, though size and time are as before.",
    why="A disk, a broken cache, or a hand that 'only tried something' keeps the size; only the hash knows.",
    hint="sha256 of the bytes, as base64.urlsafe_b64encode writes it, without the = at the end.",
    after=["a_deleted_or_emptied_file_is_found"],
)
def one_changed_byte_is_found(subject: Any, lab: Lab) -> None:
    """With a size in RECORD and without one; the modification time is put back."""
    place = project(lab)
    install(place.site, "flights", files=_MODULES)
    install(place.site, "tables", files={"tables.py": "T = 1\n"}, sizes=False)
    for path in ("flights/b.py", "tables.py"):
        file = place.site / path
        before = file.stat()
        file.write_bytes(file.read_bytes().replace(b" = ", b" - "))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    findings = examine(subject, place, "files")
    expect_told(findings, "flights", "b.py", "tables.py", what="a byte of flights/b.py and of tables.py changed")
    expect_untold(findings, "a.py", what="files that are whole")


@CHECKS.check(
    Level.EDGE,
    rule="A hash is compared as RECORD writes it: URL-safe, without padding; a quoted path is one path.",
    why="Ordinary base64 differs in two of 64 letters, so that half of all files seem damaged.",
    hint="csv.reader reads quoted paths; base64.urlsafe_b64encode(digest).rstrip(b'=').",
    after=["a_deleted_or_emptied_file_is_found"],
)
def a_record_is_read_as_it_is_written(subject: Any, lab: Lab) -> None:
    """Texts whose hashes have both letters in them; a path with a comma and quotes; one with an accent."""
    texts = (f"N = {nth}\n" for nth in count())
    urlsafe = next(text for text in texts if {"-", "_"} <= set(record_hash(text.encode())))
    odd = "flights/a, 'b'.txt" if os.name == "nt" else 'flights/a, "b".txt'
    place = project(lab)
    install(place.site, "flights", files={"flights/u.py": urlsafe, odd: "comma", "flights/é.txt": "accent"})
    expect_healthy(examine(subject, place, "files"), "a URL-safe hash, a path with a comma")
    (place.site / odd).write_text("Comma", encoding="utf-8")
    (place.site / "flights" / "é.txt").write_text("Accent", encoding="utf-8")
    expect_told(examine(subject, place, "files"), "flights", "b", "é.txt", what="two odd names, both changed")


@CHECKS.check(
    Level.EDGE,
    rule="A row without a hash promises nothing: byte code may be there or not, and RECORD does not list its own hash.",
    why="Python writes byte code anew whenever it likes; a doctor that takes it for damage finds damage everywhere.",
    hint="Pass over rows whose second column is empty.",
    after=["a_deleted_or_emptied_file_is_found"],
)
def a_row_without_a_hash_promises_nothing(subject: Any, lab: Lab) -> None:
    """Byte code that is missing, and some that is there; a stray file that no RECORD knows."""
    rows = [("flights/__pycache__/a.pyc", "", ""), ("flights/__pycache__/b.pyc", "", "")]
    place = project(lab)
    install(place.site, "flights", files=_MODULES, more_rows=rows)
    (place.site / "flights" / "__pycache__").mkdir()
    (place.site / "flights" / "__pycache__" / "b.pyc").write_bytes(b"code")
    (place.site / "stray.py").write_text("S = 1\n", encoding="utf-8")
    expect_healthy(examine(subject, place, "files"), "byte code without a hash")


@CHECKS.check(
    Level.EDGE,
    rule="Files outside the folder of packages count as well.",
    why="The command that starts the server lies in bin/, and it is a file of its package like any other.",
    hint="Join RECORD's path, which may begin with ../, to the folder of packages.",
    after=["a_deleted_or_emptied_file_is_found"],
)
def files_outside_the_packages_count(subject: Any, lab: Lab) -> None:
    """A command that is whole, then changed."""
    place = project(lab)
    script = place.root / SCRIPTS / "flights-tool"
    path = Path(os.path.relpath(script, place.site)).as_posix()
    install(place.site, "flights", files={path: "echo flights\n", **_MODULES})
    expect_healthy(examine(subject, place, "files"), "a command in the folder of commands")
    script.write_text("echo another\n", encoding="utf-8")
    expect_told(examine(subject, place, "files"), "flights-tool", what="a changed command")


@CHECKS.check(
    Level.FAULT,
    rule="A package whose RECORD is gone, empty or no text is not healthy.",
    why="A killed installer leaves exactly this; a loop over no rows finds nothing wrong.",
    hint="No rows is a finding of its own. Catch UnicodeDecodeError beside OSError.",
    after=["a_deleted_or_emptied_file_is_found"],
)
def a_lost_record_is_no_health(subject: Any, lab: Lab) -> None:
    """One of each, beside a package that is well."""
    place = project(lab)
    (install(place.site, "gone") / "RECORD").unlink()
    (install(place.site, "emptied") / "RECORD").write_bytes(b"")
    (install(place.site, "garbled") / "RECORD").write_bytes(hashlib.sha256(b"").digest() + b"\xff,\n")
    install(place.site, "tables")
    findings = examine(subject, place, "files")
    expect_told(findings, "gone", "emptied", "garbled", what="three packages without a RECORD that can be read")
    expect_untold(findings, "tables", what="a package that is well")
