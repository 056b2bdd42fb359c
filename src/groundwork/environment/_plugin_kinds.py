"""What packages may add to groundwork: four kinds of things that a pipeline.yaml calls by a short name.

Rule: groundwork's own names are its own; a test holds them against the parts that define them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# What a pipeline.yaml can hold beside import paths, which have dots; of a format it is the suffix without its dot.
NAME_PATTERN = r"[A-Za-z][A-Za-z0-9_-]*"


@dataclass(frozen=True, slots=True)
class PluginKind:
    """One kind of plugin.

    Attributes:
        name: What ``register`` calls it.
        group: The group of entry points in which packages declare theirs.
        built_in: Names that are groundwork's own.
        must_be: What a value has to be, in words.
        fits: Whether a value is that.
    """

    name: str
    group: str
    built_in: frozenset[str]
    must_be: str
    fits: Callable[[Any], bool]

    def refusal(self, name: object) -> str | None:
        """Say why a plugin of this kind cannot have a name, or None.

        Args:
            name: The name.
        """
        if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
            return f"{name!r} is no name; use letters, digits, - and _, the first a letter"
        if self.plain(name) in self.built_in:
            return f"{self.name} {name!r} is groundwork's own and cannot be replaced; choose another name"
        return None

    def plain(self, name: str) -> str:
        """Return a name as it is compared; the suffix of a file may be in capitals.

        Args:
            name: The name.
        """
        return name.lower() if self.name == "format" else name


def _is_estimator(value: Any) -> bool:
    return isinstance(value, type) and callable(getattr(value, "fit", None)) and callable(getattr(value, "predict", 0))


def _is_format(value: Any) -> bool:
    return any(callable(getattr(value, name, None)) for name in ("read", "write"))


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KINDS = {
    kind.name: kind
    for kind in (
        PluginKind("estimator", "groundwork.estimators", frozenset(), "a class with fit and predict", _is_estimator),
        PluginKind(
            "step",
            "groundwork.steps",
            _names("environment load split profile train evaluate checkpoint gates"),
            "a function",
            callable,
        ),
        PluginKind(
            "format",
            "groundwork.formats",
            _names("csv json jsonl ndjson npy npz parquet pq safetensors toml yaml yml gz zst zip"),
            "a module or an object with read or write",
            _is_format,
        ),
        PluginKind(
            "metric",
            "groundwork.metrics",
            _names(
                "accuracy average_precision base_rate bias brier calibration_error confusion f1 log_loss mae "
                "median_error precision r2 recall rmse roc_auc rows threshold"
            ),
            "a function of outcome and prediction",
            callable,
        ),
    )
}
