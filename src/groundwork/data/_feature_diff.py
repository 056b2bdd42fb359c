"""What is different between two registries, in words.

Rule: a version stands for one way to compute; whatever changes values without a new version is a warning, because a
model trained on the old values will be asked with the new ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from groundwork.data._feature import Feature
from groundwork.data._feature_version import latest_version, version_order

Versions = Mapping[str, Mapping[str, Feature]]

_WORDS = ("owner", "description", "tags", "importance", "deprecated")


@dataclass(frozen=True)
class FeatureChange:
    """One difference.

    Attributes:
        kind: ``added``, ``removed``, ``version``, ``dtype``, ``definition``, ``rules``, ``owner``, ``description``,
            ``tags``, ``importance`` or ``deprecated``.
        severity: ``warning`` where values change behind the back of who uses them, else ``info``.
        feature: The feature's name.
        message: One sentence.
    """

    kind: str
    severity: Literal["info", "warning"]
    feature: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {"kind": self.kind, "severity": self.severity, "feature": self.feature, "message": self.message}


def feature_changes(old: Versions, new: Versions) -> list[FeatureChange]:
    """Compare features.

    Args:
        old: Feature by version by name.
        new: The same, later.

    Returns:
        The differences, warnings first, then by name.
    """
    changes: list[FeatureChange] = []
    for name in sorted({*old, *new}):
        if name not in new:
            gone = latest_version(list(old[name]))
            changes.append(FeatureChange("removed", "warning", name, f"{name} {gone} is gone"))
        elif name not in old:
            feature = new[name][latest_version(list(new[name]))]
            changes.append(
                FeatureChange("added", "info", name, f"{feature.name} {feature.version} is new: {feature.definition}")
            )
        else:
            changes += _versions(name, old[name], new[name])
    return sorted(changes, key=lambda change: change.severity != "warning")


def _versions(name: str, old: Mapping[str, Feature], new: Mapping[str, Feature]) -> Iterator[FeatureChange]:
    for version in sorted({*old} & {*new}, key=version_order):
        yield from _unbumped(old[version], new[version])
    before, after = latest_version(list(old)), latest_version(list(new))
    if before != after:
        yield from _bumped(old[before], new[after])
    for version in sorted({*old} - {*new} - {before}, key=version_order):
        yield FeatureChange("removed", "warning", name, f"{name} {version} is gone")


def _unbumped(old: Feature, new: Feature) -> Iterator[FeatureChange]:
    for kind, text in _changed_values(old, new):
        message = f"{old.name} {old.version}: {text} WITHOUT a new version"
        yield FeatureChange(kind, "warning", old.name, message)
    for kind in _WORDS:
        before, after = getattr(old, kind), getattr(new, kind)
        if before != after:
            message = f"{old.name} {old.version}: {kind} {_shown(before)} -> {_shown(after)}"
            yield FeatureChange(kind, "info", old.name, message)


def _bumped(old: Feature, new: Feature) -> Iterator[FeatureChange]:
    back = version_order(new.version) < version_order(old.version)
    what = [text for _, text in _changed_values(old, new)] or ["same definition, type and rules"]
    message = (
        f"{old.name}: version {old.version} -> {new.version}{', which is older' if back else ''} ({'; '.join(what)})"
    )
    yield FeatureChange("version", "warning" if back else "info", old.name, message)
    same_major = version_order(old.version)[0] == version_order(new.version)[0]
    if old.dtype != new.dtype and same_major and not back:
        message = f"{old.name}: dtype {old.dtype} -> {new.dtype} without a new major version"
        yield FeatureChange("dtype", "warning", old.name, message)


def _changed_values(old: Feature, new: Feature) -> Iterator[tuple[str, str]]:
    if old.dtype != new.dtype:
        yield "dtype", f"dtype {old.dtype} -> {new.dtype}"
    if (old.definition, old.inputs) != (new.definition, new.inputs):
        yield "definition", f"{old.kind} {old.definition} -> {new.definition}"
    if old.rules != new.rules:
        yield "rules", f"rules {_shown(old.rules)} -> {_shown(new.rules)}"


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items()) or "none"
    return ", ".join(value) or "none" if isinstance(value, tuple) else repr(value)
