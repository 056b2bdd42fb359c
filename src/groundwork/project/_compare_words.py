"""What was different in the making of two runs, in words: configuration, environment, data.

Rule: a sentence names the thing, what it was and what it is; nothing different is an empty list.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from groundwork import environment, storage
from groundwork.data import ColumnDrift, Profile, drift
from groundwork.errors import MLException
from groundwork.project._compare_rows import TestRows
from groundwork.project._runs import Run

_LONGEST = 80
_PARTS = ("train", "validation", "test")


def configuration_changes(before: TestRows, after: TestRows) -> list[str]:
    """Say which entries of pipeline.yaml differ, defaults filled in.

    Args:
        before: The first run.
        after: The second.

    Returns:
        As ``model.params.alpha 10 -> 1``.
    """
    one, two = _flat(before.config), _flat(after.config)
    names = [*one, *(name for name in two if name not in one)]
    told = [f"{name} {_moved(one.get(name), two.get(name))}" for name in names if one.get(name) != two.get(name)]
    order = [list(side.config.get("derive") or {}) for side in (before, after)]
    return [*told, "derive in another order"] if order[0] != order[1] and set(order[0]) == set(order[1]) else told


def environment_changes(before: TestRows, after: TestRows) -> list[str]:
    """Say what differs in interpreter, packages, libraries, variables, and groundwork itself.

    Args:
        before: The first run.
        after: The second.

    Returns:
        As ``numpy 2.4.5 -> 2.4.6``.
    """
    prints = (before.prints, after.prints)
    found = environment.diff(*(side["environment"] for side in prints))
    codes = [side.get("code") or {} for side in prints]
    if codes[0].get("sha256") != codes[1].get("sha256") and not any(each.startswith("groundwork ") for each in found):
        versions = [str(code.get("groundwork")) for code in codes]
        same = f"groundwork {versions[0]}, but not the same code"
        found.append(same if versions[0] == versions[1] else f"groundwork {versions[0]} -> {versions[1]}")
    return found


def data_changes(before: TestRows, after: TestRows) -> list[str]:
    """Say what differs in the source files, in how many rows went where, and in the columns.

    Args:
        before: The first run.
        after: The second.

    Returns:
        As ``bmi: PSI 0.312; KS 0.210 (p 1e-05)``; files first, the worst column next.
    """
    return [*_files(before.prints, after.prints), *_rows(before.run, after.run), *_columns(before.run, after.run)]


def _files(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    one, two = before.get("data") or {}, after.get("data") or {}
    for name in dict.fromkeys([*one, *two]):
        was, now = one.get(name), two.get(name)
        if was is None or now is None:
            yield f"{name}: read by the {'first' if now is None else 'second'} run only"
        elif was != now:
            sizes = [f"{each['bytes']:,} bytes" if "bytes" in each else "unreadable" for each in (was, now)]
            yield f"{name}: other content, {sizes[0]} -> {sizes[1]}"


def _rows(before: Run, after: Run) -> Iterator[str]:
    one, two = (run.result().metadata.get("rows") or {} for run in (before, after))
    told = [f"{name} {_count(one, name)} -> {_count(two, name)}" for name in _PARTS if one.get(name) != two.get(name)]
    if one.get("in") != two.get("in"):
        yield f"rows read {_count(one, 'in')} -> {_count(two, 'in')}"
    if told:
        yield f"rows of {', '.join(told)}"
    dropped = [{each["reason"]: each["rows"] for each in side.get("dropped") or ()} for side in (one, two)]
    for reason in dict.fromkeys([*dropped[0], *dropped[1]]):
        counts = [side.get(reason, 0) for side in dropped]
        if counts[0] != counts[1]:
            yield f"rows dropped {counts[0]:,} -> {counts[1]:,}: {reason}"


def _columns(before: Run, after: Run) -> list[str]:
    profiles = [_profile(run) for run in (before, after)]
    if profiles[0] is None or profiles[1] is None:
        lost = [run.info.id for run, profile in zip((before, after), profiles, strict=True) if profile is None]
        return [f"columns not compared: run {lost[0]} has no profile"]
    found: list[ColumnDrift] = drift(profiles[0], profiles[1])
    return [each.message for each in found if each.severity != "none"]


def _profile(run: Run) -> Profile | None:
    try:
        return Profile.from_dict(storage.read(run.folder / "profile.json"))
    except MLException:
        return None  # the step is optional, and what failed there is told in the run's own report


def _flat(entries: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in entries.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(each, Mapping) for each in value):
            named = {str(each.get("name", place)): each for place, each in enumerate(value)}
            found |= _flat(named, f"{prefix}{name}.")
        elif value not in ({}, []):
            found[f"{prefix}{name}"] = value
    return found


def _moved(was: Any, now: Any) -> str:
    if isinstance(was, list | None) and isinstance(now, list | None):
        was, now = was or [], now or []
        gone = [f"without {each}" for each in was if each not in now]
        come = [f"with {each}" for each in now if each not in was]
        return _cut(", ".join([*gone, *come])) or "in another order"
    return f"{_shown(was)} -> {_shown(now)}"


def _shown(value: Any) -> str:
    return "absent" if value is None else _cut(", ".join(map(str, value)) if isinstance(value, list) else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _count(rows: Mapping[str, Any], name: str) -> str:
    return f"{rows[name]:,}" if name in rows else "none"
