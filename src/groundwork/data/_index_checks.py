"""What a ``DatasetIndex`` refuses, in words.

Rule: a name that cannot be right is an error that says what is near, not an empty answer.
"""

import difflib
import itertools
from collections.abc import Collection, Iterable

from groundwork.data._sample import Sample
from groundwork.errors import InvalidDataError

_NEAR_AMONG = 1_000
_NAMED = 20


def require_sample(sample: object, indexed: Iterable[str]) -> None:
    """Refuse what cannot be taken in.

    Args:
        sample: What is meant to be a sample.
        indexed: The keys of the metadata that are indexed.

    Raises:
        InvalidDataError: It is no ``Sample``, or an indexed value is a list or a dict.
    """
    if not isinstance(sample, Sample):
        raise InvalidDataError(f"{sample!r} is no Sample", hint="write Sample(id, label, split, metadata)")
    for name in indexed:
        value = sample.metadata.get(name)
        if isinstance(value, list | dict):
            raise InvalidDataError(
                f"sample {sample.id!r}: metadata[{name!r}] is indexed, and a {type(value).__name__}",
                hint="index keys whose values are text, numbers, booleans or None",
                context={"id": sample.id, "key": name},
            )


def no_such_sample(wanted: object, ids: Collection[str]) -> InvalidDataError:
    """Describe an id that is not there.

    Args:
        wanted: The id.
        ids: Those that there are; of many only the first are compared, since a miss may be part of a loop.

    Returns:
        The error, to be raised.
    """
    near = difflib.get_close_matches(str(wanted), list(itertools.islice(ids, _NEAR_AMONG)), cutoff=0.5)
    return InvalidDataError(
        f"there is no sample {wanted!r} among {len(ids):,}",
        hint=f"did you mean {' or '.join(near)}?" if near else "ask with `in` whether there is one",
        context={"id": wanted, "near": near},
    )


def require_keys(names: Iterable[str], samples: Collection[Sample]) -> None:
    """Refuse keys of the metadata that no sample has; an index without samples has any.

    Args:
        names: The keys. One that a sample has costs the way to the first such sample.
        samples: All samples.

    Raises:
        InvalidDataError: Nobody has one of them.
    """
    for name in names:
        if samples and not any(name in one.metadata for one in samples):
            known = list(dict.fromkeys(itertools.chain.from_iterable(one.metadata for one in samples)))
            near = difflib.get_close_matches(name, known[:_NEAR_AMONG], cutoff=0.5)
            there = f"there are {', '.join(known[:_NAMED]) or 'none'}"
            raise InvalidDataError(
                f"no sample has metadata {name!r}",
                hint=f"did you mean {' or '.join(near)}?" if near else there,
                context={"key": name, "near": near},
            )


def require_text(what: str, value: object) -> None:
    """Refuse a label or a split that none can equal.

    Args:
        what: ``label`` or ``split``.
        value: What was asked for.

    Raises:
        InvalidDataError: It is no text.
    """
    if not isinstance(value, str):
        raise InvalidDataError(
            f"{what} {value!r} is a {type(value).__name__}, and every {what} is text",
            hint="numbers of a table became text as '1', truth values as 'true' and 'false'",
            context={what: repr(value)},
        )
