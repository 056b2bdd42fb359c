"""Equally many samples of every class.

Rule: every class draws from a generator of its own, seeded by the seed and its name: another class that comes or goes
changes nothing. Cost: what is drawn, beside the list of what there is.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from groundwork.data._sample import Sample
from groundwork.data._whole import require_whole
from groundwork.errors import InvalidDataError


def balanced_draw(
    classes: Mapping[str, Sequence[Sample]], per_label: int, *, seed: int, replace: bool, place: str
) -> list[Sample]:
    """Draw from each class.

    Args:
        classes: Its samples by label.
        per_label: How many of each.
        seed: Of the draw.
        replace: Whether a sample may be drawn twice.
        place: Where the samples come from, for messages.

    Returns:
        The samples, class by class.

    Raises:
        InvalidDataError: A class has too few, or there is none.
        ConfigurationError: ``per_label`` or ``seed`` is no such number.
    """
    require_whole("per_label", per_label, 1)
    require_whole("seed", seed, 0)
    if not classes:
        raise InvalidDataError("no sample has a label, so that there is nothing to balance", hint="label some first")
    least = 1 if replace else per_label
    few = {label: len(members) for label, members in classes.items() if len(members) < least}
    if few:
        label, count = next(iter(few.items()))
        has = f"{count:,} sample{'' if count == 1 else 's'}{place}"
        others = f" ({len(few) - 1} more such classes)" if len(few) > 1 else ""
        raise InvalidDataError(
            f"class {label!r} has {has}, and {per_label:,} of each are asked for{others}",
            hint=f"ask for at most {min(few.values()):,}, or draw with replace=True"
            if min(few.values())
            else "remove the class, or add samples of it",
            context={"label": label, "classes": few, "per_label": per_label},
        )
    drawn = []
    for label, members in classes.items():
        name = int.from_bytes(blake2b(label.encode(), digest_size=16).digest(), "little")
        places = np.random.Generator(np.random.PCG64([seed, name])).choice(len(members), per_label, replace=replace)
        drawn += [members[at] for at in (places if replace else np.sort(places)).tolist()]
    return drawn
