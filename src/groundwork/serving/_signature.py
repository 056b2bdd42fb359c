"""Whether a new model takes the rows that were sent to the old one.

Rule: names, counts and types are compared, not the rules for values: those follow the training rows, and may differ
from one model to the next. A column that is new, gone or of another type would have every client refused.
"""

from collections.abc import Mapping
from typing import Any

_UNBOUNDED = float("inf")


def misfit_of(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Say why rows of the old model are none of the new.

    Args:
        old: JSON schema of one instance of the old model.
        new: That of the new.

    Returns:
        What does not fit, or "" where all fits or a schema does not say.
    """
    return _misfit("an instance", old, new)


def _misfit(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, now = _kinds(old), _kinds(new)
    if before and now and not before <= now:
        return f"{place} was {_told(before)} and is {_told(now)}"
    if "object" in before and "object" in now:
        return _of_columns(old, new)
    if "array" in before and "array" in now:
        return _of_values(place, old, new)
    return ""


def _of_columns(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, now = old.get("properties", {}), new.get("properties", {})
    if before:
        for name in new.get("required", ()):
            if name not in before:
                return f"the column {name!r} is new and has to be sent"
    for name, inner in before.items():
        if name in now:
            if misfit := _misfit(f"the column {name!r}", inner, now[name]):
                return misfit
        elif new.get("additionalProperties") is False:
            return f"the column {name!r} is gone"
    return ""


def _of_values(place: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    least, most = old.get("minItems", 0), old.get("maxItems", _UNBOUNDED)
    if new.get("minItems", 0) > least or new.get("maxItems", _UNBOUNDED) < most:
        return f"{place} had {_count(least, most)} values and has {_count(new.get('minItems', 0), new.get('maxItems'))}"
    return _misfit(f"a value of {place}", old.get("items", {}), new.get("items", {}))


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type") or ()
    told = {kinds} if isinstance(kinds, str) else set(kinds)
    # Whether a column has gaps follows the training rows, as other rules for values do.
    told.discard("null")
    return told | {"integer"} if "number" in told else told


def _told(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds - {"integer"} if "number" in kinds else kinds))


def _count(least: Any, most: Any) -> str:
    return str(least) if least == most else f"{least} or more"
