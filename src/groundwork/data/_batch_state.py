"""Where a loader stands: a few numbers and a digest, whatever the size of the table.

Rule: a state goes on only where it was taken: over the same rows, in the same order, in batches of the same size. What
differs is named; nothing is guessed.
"""

from collections.abc import Mapping
from typing import Any

from groundwork.errors import ConfigurationError

FORMAT = 1

_WORDS = {
    "rows": ("rows", "read the same table"),
    "data": ("a table of digest", "read the same table: names, types, values and order of the rows count"),
    "batch_size": ("batch_size", "use the batch size that the state was taken with, or begin the epoch anew"),
    "seed": ("seed", "use the seed that the state was taken with, or begin the epoch anew"),
    "order": ("order", "ask for the same order, or begin the epoch anew"),
    "drop_last": ("drop_last", "use the value that the state was taken with, or begin the epoch anew"),
    "shard": ("shard", "each trainer goes on from its own state"),
}


def check_state(state: Mapping[str, Any], own: Mapping[str, Any], batches: int) -> tuple[int, int]:
    """Hold a state against the loader that shall go on from it.

    Args:
        state: As ``state_dict`` gave it, perhaps through JSON.
        own: The loader's.
        batches: Batches of one of its epochs.

    Returns:
        Epoch, and batches delivered in it.

    Raises:
        ConfigurationError: It is no state, or one of other data, order, batch size or seed; each difference is named.
    """
    if not isinstance(state, Mapping) or not {*own, "epoch", "batch"} <= state.keys():
        raise ConfigurationError(
            f"this is no state of a BatchLoader: {str(state)[:80]!r}", hint="pass what state_dict() returned"
        )
    if state["format"] != FORMAT:
        raise ConfigurationError(
            f"the state has format {state['format']!r}; this version reads {FORMAT}", hint="begin the epoch anew"
        )
    different = [name for name in _WORDS if state[name] != own[name]]
    if different:
        told = "; ".join(f"{_WORDS[name][0]} {state[name]!r}, this loader has {own[name]!r}" for name in different)
        raise ConfigurationError(
            f"the state is of another loader: it has {told}", hint=_WORDS[different[0]][1], context={"keys": different}
        )
    epoch, batch = state["epoch"], state["batch"]
    if not _count(epoch) or not _count(batch) or batch > batches:
        raise ConfigurationError(
            f"the state stands at epoch {epoch!r}, batch {batch!r}; an epoch has {batches} batches",
            hint="pass what state_dict() returned",
        )
    return epoch, batch


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
