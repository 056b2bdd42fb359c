"""The contract of ``write`` and ``read``: values to files by suffix, and back; nothing is unpickled on the way.

The subject offers ``write(path, value)`` and ``read(path)`` for ``.json``, ``.npy`` and ``.npz``, each also with
``.gz`` on top: plain values, one array, a mapping of names to arrays.
"""

import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing._unpickling import unpicklings
from groundwork.testing.contracts._expect import expect_content, expect_names, sketch
from groundwork.testing.contracts._replacing import OLD
from groundwork.testing.contracts._values import (
    RECORD,
    arrays,
    expect_arrays,
    expect_refusal,
    object_array,
    pickled_under,
    save_values,
    values_before,
    years_later,
)

CHECKS = Contract("storage/formats")

_SUFFIXES = (".json", ".npy", ".npz", ".json.gz", ".npy.gz", ".npz.gz")
_POSIX_KILL = "the kills need fork and SIGKILL"


def _value_for(suffix: str, lab: Lab) -> Any:
    if suffix.startswith(".json"):
        return RECORD
    return arrays(lab)["layer.0/weight"] if suffix.startswith(".npy") else arrays(lab)


def _expect_back(found: Any, suffix: str, lab: Lab) -> None:
    if suffix.startswith(".json"):
        if found != RECORD:
            raise ContractBroken(f"{suffix} came back as {str(found)[:80]}; expected {str(RECORD)[:80]}")
    elif suffix.startswith(".npy"):
        expect_arrays({"array": found}, {"array": arrays(lab)["layer.0/weight"]}, f"from {suffix}")
    else:
        expect_arrays(found, arrays(lab), f"from {suffix}")


@CHECKS.check(
    Level.BASIC,
    rule="What was written to .json, .npy and .npz comes back, equal in value, type and shape.",
    why="A float32 that comes back as float64, or a scalar as a list, changes a model in silence.",
    hint="json.dumps and np.save do the work; decide by the suffix which. An .npz is a zip of what np.save gives.",
)
def values_come_back(subject: Any, lab: Lab) -> None:
    """Empty, scalar, transposed and oddly named arrays; text outside ASCII."""
    for suffix in (".json", ".npy", ".npz"):
        path = lab.folder / f"value{suffix}"
        subject.write(path, _value_for(suffix, lab))
        _expect_back(subject.read(str(path)), suffix, lab)


@CHECKS.check(
    Level.BASIC,
    rule="With .gz on top the file is a gzip of the plain format, and comes back as well.",
    why="Other tools (zcat, pandas, a browser) must be able to read it, and we what they have written.",
    hint="Look at the last suffix first, then at the one before it.",
    after=["values_come_back"],
)
def gz_on_top_compresses(subject: Any, lab: Lab) -> None:
    """Our gz read by gzip, and the other way round."""
    for suffix in (".json", ".npy", ".npz"):
        packed, plain, foreign = (lab.folder / name for name in (f"a{suffix}.gz", f"b{suffix}", f"c{suffix}.gz"))
        subject.write(packed, _value_for(suffix, lab))
        content = packed.read_bytes()
        if content[:2] != b"\x1f\x8b":
            raise ContractBroken(f"a{suffix}.gz begins with {content[:2]!r}; expected a gzip file, b'\\x1f\\x8b'")
        plain.write_bytes(gzip.decompress(content))
        _expect_back(subject.read(plain), suffix, lab)
        foreign.write_bytes(gzip.compress(plain.read_bytes()))
        _expect_back(subject.read(foreign), suffix, lab)


@CHECKS.check(
    Level.EDGE,
    rule="Equal values give equal bytes, whenever and under whatever name they are written.",
    why="Caches, checksums and version control compare files by their bytes.",
    hint="A gzip header holds a time and a file name, unless you see to it.",
    after=["gz_on_top_compresses"],
)
def equal_values_give_equal_bytes(subject: Any, lab: Lab) -> None:
    """Twice to one path and once to another, years apart."""
    for suffix in _SUFFIXES:
        found = []
        for nth, name in enumerate(("one", "one", "another")):
            with years_later(nth):
                subject.write(lab.folder / (name + suffix), _value_for(suffix, lab))
            found.append((lab.folder / (name + suffix)).read_bytes())
        if not found[0] == found[1] == found[2]:
            differ = "another name" if found[0] == found[1] else "another time"
            raise ContractBroken(f"{suffix}: one value gave other bytes at {differ}; expected the same bytes")


@CHECKS.check(
    Level.EDGE,
    rule="A suffix that is not known is an error that names the file, and nothing is written.",
    why="A typo in a suffix must not choose a format, and never pickle.",
    hint="Look the suffix up; raise where it is not among the known ones.",
    after=["values_come_back"],
)
def an_unknown_suffix_is_refused(subject: Any, lab: Lab) -> None:
    """Written and read."""
    for name in ("model.pkl", "model", "model.gz"):
        expect_refusal(partial(subject.write, lab.folder / name, {"a": 1}), name, f"writing {name}")
    expect_names(lab.folder, [], "after writes to unknown suffixes")
    for name in ("model.pkl", "model"):
        (lab.folder / name).write_bytes(b"{}")
        expect_refusal(partial(subject.read, lab.folder / name), name, f"reading {name}")


@CHECKS.check(
    Level.EDGE,
    rule="What a format cannot hold is an error when it is written, and the old file stays whole.",
    why="np.save pickles objects, and json writes NaN, which is no JSON: nobody can read them back safely.",
    hint="allow_pickle=False, allow_nan=False; and encode before anything is written to the target.",
    after=["values_come_back"],
)
def what_cannot_be_stored_is_refused(subject: Any, lab: Lab) -> None:
    """An object half-way through a long list, NaN, and arrays of objects."""
    cases = (
        (".json", [*range(50_000), object()], "an object in JSON"),
        (".json", {"loss": float("nan")}, "NaN in JSON"),
        (".npy", object_array(), "an array of objects in .npy"),
        (".npz", {"a": object_array()}, "an array of objects in .npz"),
        (".json.gz", [*range(50_000), object()], "an object in JSON under .gz"),
    )
    for suffix, value, what in cases:
        path = lab.folder / f"old{suffix}"
        path.write_bytes(OLD)
        refusal = partial(subject.write, path, value)
        expect_refusal(refusal, "", f"writing {what}", also=(TypeError,))  # that of json.dumps
        expect_content(path, OLD, f"after {what} was refused")
        expect_names(lab.folder, [path.name], f"after {what} was refused")
        path.unlink()


@CHECKS.check(
    Level.FAULT,
    rule="Reading never unpickles: a pickle under any suffix is an error.",
    why="A pickle runs what its maker wants, with your rights; numpy.load tries one where a file is no array.",
    hint="allow_pickle=False, and no pickle.load anywhere.",
    after=["values_come_back"],
)
def nothing_is_unpickled(subject: Any, lab: Lab) -> None:
    """A bare pickle, and arrays of objects, under every suffix."""
    for suffix in _SUFFIXES:
        for path in pickled_under(suffix, lab.folder):
            with unpicklings() as seen:
                expect_refusal(partial(subject.read, path), "", f"reading the pickle {path.name}")
            if seen:
                raise ContractBroken(f"reading {path.name} unpickled {seen[0]}; expected an error and nothing run")


@CHECKS.check(
    Level.FAULT,
    rule="A file that is cut short or is not what its suffix says is an error that names the file.",
    why="'unexpected EOF' in a log of a thousand files helps nobody.",
    hint="Catch what the decoders raise, and raise your own error from it.",
    after=["gz_on_top_compresses"],
)
def a_damaged_file_is_named(subject: Any, lab: Lab) -> None:
    """Each format cut at several places, and garbage."""
    for suffix in _SUFFIXES:
        path = lab.folder / f"damaged-{len(suffix)}{suffix}"
        subject.write(path, _value_for(suffix, lab))
        whole = path.read_bytes()
        for content in (whole[: len(whole) // 2], whole[:-9], whole[:7], b"garbage" * 10, b""):
            path.write_bytes(content)
            what = f"reading {path.name}, {len(whole):,} bytes when whole, with {sketch(content)} in it"
            expect_refusal(partial(subject.read, path), path.name, what)


@CHECKS.check(
    Level.CRASH,
    rule="Killed at any instant of a write, the file is the old one or the new one, whole.",
    why="A result.json of half a line stops the next program of the chain.",
    hint="Write through your atomic_write.",
    after=["values_come_back"],
    posix=_POSIX_KILL,
)
def killed_in_a_write_it_is_old_or_new(subject: Any, lab: Lab) -> None:
    """A JSON file and a compressed one."""
    count = 0
    for crash in lab.crashes(subject, save_values, prepare=values_before):
        count += 1
        for name in ("result.json", "result.json.gz"):
            _expect_old_or_new(crash.folder / name, f"when killed before call {crash.nth}, {crash.before}")
    if count < 3:
        raise ContractBroken(f"only {count} file-changing calls were seen; expected an open, a write and a rename")


def _expect_old_or_new(path: Path, when: str) -> None:
    if not path.is_file():
        raise ContractBroken(f"{path.name} is gone {when}; expected the old value or the new one")
    content = path.read_bytes()
    try:
        value = json.loads(gzip.decompress(content) if path.suffix == ".gz" else content)
    except (ValueError, OSError, EOFError):
        raise ContractBroken(f"{path.name} holds {sketch(content)} {when}; expected whole JSON") from None
    if value not in ({"old": True}, RECORD):
        raise ContractBroken(f"{path.name} holds {str(value)[:60]} {when}; expected the old value or the new one")
