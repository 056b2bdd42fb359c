"""Where a training by batches stands, in a checkpoint.

Rule: a checkpoint holds all that what comes after depends on: the model with its inner state, the place in the batches,
the classes. It is gone on with only by a training that asks for the same; each difference is named.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from groundwork.errors import CheckpointNotFoundError, ConfigurationError
from groundwork.storage import CheckpointStore

_KEY = "training"


@dataclass
class Progress:
    """How far a training has come.

    Attributes:
        plan: What was asked for, as JSON: what must be the same for another to go on.
        source: State of the batches.
        batches: How many were learned from.
        rows: How many rows.
        seconds: How long it took so far.
        history: Of each epoch that is over its number, with batches and rows up to then.
        classes: Of a classifier: names and counts, or None.
        kinds: Feature to kind, empty where batches are matrices.
    """

    plan: dict[str, Any]
    source: dict[str, Any] = field(default_factory=dict)
    batches: int = 0
    rows: int = 0
    seconds: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)
    classes: dict[str, Any] | None = None
    kinds: dict[str, str] = field(default_factory=dict)

    def save(self, store: CheckpointStore, model: Any) -> None:
        """Save it with its model, as the step of the batches learned from."""
        store.save(model, step=self.batches, metadata={_KEY: asdict(self)})


def load_progress(store: CheckpointStore, plan: Mapping[str, Any], *, trust: bool) -> tuple[Any, Progress] | None:
    """Load the newest checkpoint that is whole.

    Args:
        store: Where.
        plan: What this training asks for.
        trust: See ``CheckpointStore.load``.

    Returns:
        The model and how far it has come, or None where there is no checkpoint.

    Raises:
        ConfigurationError: The checkpoint is of another training.
    """
    try:
        checkpoint = store.load("latest", trust=trust)
    except CheckpointNotFoundError:
        return None
    told = checkpoint.info.metadata.get(_KEY)
    if not isinstance(told, Mapping) or told.keys() != {each.name for each in fields(Progress)}:
        raise ConfigurationError(
            f"step {checkpoint.info.step} of {store.root} was not saved by a training in batches",
            hint="train into another folder",
        )
    progress = Progress(**told)
    for name, was, wanted in _differences(progress.plan, plan):
        raise ConfigurationError(
            f"step {checkpoint.info.step} of {store.root} was trained with {name} {was!r}; this training has "
            f"{wanted!r}",
            hint=f"ask for the same {name}, or train into another folder",
            context={"different": name},
        )
    return checkpoint.model, progress


def _differences(was: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name, value in wanted.items():
        before = was.get(name)
        if before == value:
            continue
        if name == "params" and isinstance(before, Mapping):
            yield from ((each, before.get(each), value[each]) for each in value if before.get(each) != value[each])
        yield name, before, value
