"""An index as JSON text, and back.

Rule: what is read is what was written, value for value and in the same order, or an error that says where it is not.
One JSON object; ``version`` grows when the meaning changes, and what a later version wrote is refused, not guessed.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from groundwork.data._sample import Sample
from groundwork.errors import InvalidDataError, VersionSkew

FORMAT = "groundwork.dataset-index"
VERSION = 1
_KEYS = {"id", "label", "split", "metadata"}


def index_to_json(samples: Iterable[Sample], indexed: Sequence[str]) -> str:
    """Write samples.

    Args:
        samples: The samples.
        indexed: The index's metadata keys.

    Returns:
        The text.

    Raises:
        InvalidDataError: A value cannot be written; with its path.
    """
    # One line a sample: a change of one shows as one line in a diff.
    lines = ",\n".join(json.dumps(one.to_dict(), ensure_ascii=False, allow_nan=False) for one in samples)
    head = json.dumps({"format": FORMAT, "version": VERSION, "indexed": list(indexed)}, ensure_ascii=False)
    return f'{head[:-1]}, "samples": [\n{lines}\n]}}\n'


def index_from_json(text: str) -> tuple[list[Sample], list[str]]:
    """Read samples.

    Args:
        text: What ``index_to_json`` wrote.

    Returns:
        The samples, and the metadata keys of the index.

    Raises:
        InvalidDataError: It is something else; the message says where.
        VersionSkew: A later version wrote it.
    """
    whole = _parsed(text)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise InvalidDataError(f"this is no index: its format is not {FORMAT!r}", hint="pass what to_json() wrote")
    version = whole.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise InvalidDataError(f"version: {version!r} is no version of an index")
    if version > VERSION:
        raise VersionSkew(
            f"the index is of version {version}, and this groundwork reads up to {VERSION}",
            hint="read it with the groundwork that wrote it, or a later one",
            context={"found": version, "known": VERSION},
        )
    indexed, samples = whole.get("indexed"), whole.get("samples")
    if not isinstance(indexed, list) or not all(isinstance(name, str) for name in indexed):
        raise InvalidDataError(f"indexed: {indexed!r} is no list of names")
    if not isinstance(samples, list):
        raise InvalidDataError("samples: there is no list of them")
    return [_sample(one, f"samples[{at}]") for at, one in enumerate(samples)], indexed


def _sample(value: Any, path: str) -> Sample:
    if not isinstance(value, dict) or set(value) != _KEYS:
        found = sorted(value) if isinstance(value, dict) else value
        raise InvalidDataError(
            f"{path}: {str(found)[:80]} is no sample", hint="a sample has id, label, split, metadata"
        )
    try:
        return Sample(**value)
    except InvalidDataError as error:
        raise InvalidDataError(f"{path}: {error.message}", hint=error.hint, context=error.context) from None


def _parsed(text: str) -> Any:
    if not isinstance(text, str):
        raise InvalidDataError(f"an index is read from text, not from {type(text).__name__}")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidDataError(
            f"line {error.lineno}, column {error.colno}: this is no JSON: {error.msg}",
            hint="pass what to_json() wrote, whole",
            context={"line": error.lineno, "column": error.colno},
        ) from error
    except RecursionError as error:
        raise InvalidDataError("the JSON is nested too deep to be an index") from error
    except ValueError as error:  # a number of more digits than Python reads
        raise InvalidDataError(f"this is no index: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built = dict(pairs)
    if len(built) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidDataError(f"the key {twice!r} is given twice in one object", hint="keep one of the two")
    return built


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidDataError(f"{name} is no JSON", hint="write null")
