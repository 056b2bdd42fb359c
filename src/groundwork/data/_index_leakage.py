"""What stands in several splits of an index and must not.

Rule: a key is looked at unasked only if it identifies: its name says so, or it is text and most values differ. A
camera that serves every split is no leak; a patient who does is one. Cost: one walk over the samples for each key.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, Literal

from groundwork.data._leakage_finding import LeakageFinding, severity_of
from groundwork.data._sample import Sample
from groundwork.errors import InvalidDataError

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
_CONTENT = {"hash", "checksum", "digest", "md5", "sha1", "sha256", "blake2b", "fingerprint"}
_NAMES = _CONTENT | {"id", "uuid", "guid", "key", "file", "filename", "path", "url", "uri"}
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_MOSTLY = 0.5
_LEAST = 20
_EXAMPLES = 5


def index_leakage(samples: Iterable[Sample], key: str | None) -> list[LeakageFinding]:
    """Look for values that stand in several splits.

    Args:
        samples: The samples; those without a split say nothing.
        key: The metadata key to look at, or None.

    Returns:
        The findings, errors first.

    Raises:
        InvalidDataError: No sample has this key.
    """
    everything = list(samples)
    known = Counter(name for one in everything for name in one.metadata)
    if key is not None and key not in known:
        raise InvalidDataError(
            f"no sample has the metadata key {key!r}", hint=f"there are: {', '.join(known) or 'none'}"
        )
    parted = [one for one in everything if one.split is not None]
    findings: list[LeakageFinding] = []
    for name in known if key is None else [key]:
        having = [one for one in parted if one.metadata.get(name) is not None]
        if key is not None or _identifies(name, having):
            findings += _shared(name, having, len(parted))
    if key is None:
        findings += _copies(parted)
    return sorted(findings, key=lambda finding: finding.severity)


def _copies(parted: list[Sample]) -> Iterator[LeakageFinding]:
    contents = [(_content(one), one) for one in parted if one.metadata]
    if _mostly_differ(content for content, _ in contents):
        message = "samples alike in label and metadata"
        yield from _found(contents, len(parted), [], "duplicate", message, show=lambda one: one.id)


def _shared(name: str, having: list[Sample], total: int) -> Iterator[LeakageFinding]:
    values = [(_spelled(one.metadata[name]), one) for one in having]
    kind: Literal["duplicate", "group"] = "duplicate" if _CONTENT & _words(name) else "group"
    message = f"values of {name}"
    yield from _found(values, total, [name], kind, message, show=lambda one: str(one.metadata[name]))


def _found(
    values: list[tuple[Any, Sample]],
    total: int,
    columns: list[str],
    kind: Literal["duplicate", "group"],
    message: str,
    *,
    show: Any,
) -> Iterator[LeakageFinding]:
    owners: defaultdict[Any, list[Sample]] = defaultdict(list)
    for value, one in values:
        owners[value].append(one)
    leaks = [some for some in owners.values() if len({one.split for one in some}) > 1]
    if not leaks:
        return
    concerned = sum(map(len, leaks))
    examples = [{"value": show(some[0]), "splits": _split_counts(some)} for some in leaks[:_EXAMPLES]]
    first = ", ".join(f"{count} in {split}" for split, count in examples[0]["splits"].items())
    yield LeakageFinding(
        kind,
        severity_of(concerned / total),
        columns,
        f"{message} in several splits: {len(leaks):,}, over {concerned:,} of {total:,} samples; the first is "
        f"{examples[0]['value']} ({first})",
        {"values": len(leaks), "samples": concerned, "share": concerned / total, "examples": examples},
    )


def _split_counts(some: list[Sample]) -> Mapping[str, int]:
    return dict(Counter(str(one.split) for one in some))


def _identifies(name: str, having: list[Sample]) -> bool:
    if _NAMES & _words(name):
        return True
    values = [one.metadata[name] for one in having]
    return all(isinstance(value, str) for value in values) and _mostly_differ(values)


def _mostly_differ(values: Iterable[Any]) -> bool:
    counts = Counter(values)
    return len(counts) >= _MOSTLY * max(counts.total(), _LEAST)


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORDS.findall(name)}


def _spelled(value: Any) -> str:
    # Text in JSON begins with a quote, and nothing else does.
    return f'"{value}' if isinstance(value, str) else _ENCODER.encode(value)


def _content(one: Sample) -> bytes:
    return blake2b(_spelled([one.label, dict(one.metadata)]).encode(), digest_size=16).digest()
