"""Features as a YAML file, and back.

Rule: what is written can be read by another process, or is refused when it is written. A function goes out as its
import path with the hash of its source; when the source has changed since, reading says so.
"""

import difflib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from groundwork.data._feature import Feature
from groundwork.data._feature_function import import_function, importable_path
from groundwork.errors import ConfigurationError, InvalidDataError, MLException, VersionSkew
from groundwork.storage import dump_yaml, load_yaml_with_lines

FORMAT = "groundwork.features"
VERSION = 1
_TEXTS = ("name", "version", "dtype", "owner", "description", "expression", "function", "source", "deprecated")
_KEYS = (*_TEXTS, "inputs", "rules", "importance", "tags", "used_by")


class FeatureChangedWarning(UserWarning):
    """The source of a feature's function is not that which was exported."""


def features_to_yaml(features: Iterable[tuple[Feature, Sequence[str]]]) -> str:
    """Write features.

    Args:
        features: Each with the names of those who use it.

    Returns:
        The text.

    Raises:
        ConfigurationError: One is computed by something that only this process has.
    """
    entries = [_entry(feature, used_by) for feature, used_by in features]
    return dump_yaml({"format": FORMAT, "version": VERSION, "features": entries})


def features_from_yaml(text: str, modules: Sequence[str], source: str) -> list[tuple[Feature, list[str]]]:
    """Read features.

    Args:
        text: What ``features_to_yaml`` wrote, or somebody by hand.
        modules: The modules whose functions may be imported.
        source: The file, for messages.

    Returns:
        Each with the names of those who use it.

    Raises:
        InvalidDataError: It is no YAML, or no such file.
        ConfigurationError: A feature cannot work, with its line; or names a function of a module not allowed.
        VersionSkew: A later version wrote it.
    """
    whole, lines = load_yaml_with_lines(text, source)
    if not isinstance(whole, dict) or whole.get("format") != FORMAT or not isinstance(whole.get("features"), list):
        raise InvalidDataError(
            f"{source}: these are no features", hint=f"begin with format: {FORMAT}, version: {VERSION}, features: […]"
        )
    if whole.get("version") != VERSION:
        raise VersionSkew(
            f"{source}: the features are of version {whole.get('version')!r}, and this groundwork reads {VERSION}",
            hint="read them with the groundwork that wrote them, or a later one",
            context={"file": source, "found": whole.get("version"), "known": VERSION},
        )
    read = []
    for at, entry in enumerate(whole["features"]):
        try:
            read.append(_read(entry, modules))
        except MLException as error:
            line = lines[("features", at)][0]
            raise ConfigurationError(
                f"{source}:{line}: {error.message}", hint=error.hint, context={**error.context, "line": line}
            ) from error
    return read


def _entry(feature: Feature, used_by: Sequence[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": feature.name, "version": feature.version, "dtype": feature.dtype}
    more: dict[str, Any] = {"owner": feature.owner, "description": feature.description}
    if feature.kind == "code":
        raise ConfigurationError(
            f"feature {feature.key}: a polars expression made in code cannot be exported",
            hint=f'write it as text, as expression="{str(feature.expression).replace("col(", "pl.col(")[:60]}"',
            context={"feature": feature.name, "version": feature.version},
        )
    if feature.function is not None:
        more |= {"function": importable_path(feature.function, feature.key), "source": feature.source_hash}
        more |= {"inputs": list(feature.inputs)}
    more |= {"expression": feature.expression, "rules": dict(feature.rules), "importance": feature.importance}
    more |= {"tags": list(feature.tags), "deprecated": feature.deprecated, "used_by": list(used_by)}
    return entry | {name: value for name, value in more.items() if value not in (None, "", [], {})}


def _read(entry: Any, modules: Sequence[str]) -> tuple[Feature, list[str]]:
    if not isinstance(entry, dict) or "name" not in entry or "dtype" not in entry:
        raise ConfigurationError(f"{str(entry)[:60]} is no feature", hint="a feature has name and dtype at least")
    given: dict[str, Any] = dict(entry)
    _require_shapes(given)
    path, known_hash = given.pop("function", None), given.pop("source", None)
    used_by = given.pop("used_by", [])
    name = str(given["name"])
    if path is not None:
        given["function"] = import_function(path, name, modules)
    feature = Feature(**given)
    if known_hash is not None and feature.source_hash != known_hash:
        warnings.warn(
            f"feature {feature.key}: the source of {path} has changed since it was exported; "
            "compare its values, and give it a new version",
            FeatureChangedWarning,
            stacklevel=4,
        )
    return feature, used_by


def _require_shapes(entry: Mapping[str, Any]) -> None:
    for key, value in entry.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"a feature has {', '.join(_KEYS)}"
            raise ConfigurationError(f"feature {entry['name']}: the key {key!r} is not known", hint=hint)
        if key in ("inputs", "tags", "used_by"):
            fits, wanted = isinstance(value, list) and all(isinstance(one, str) for one in value), "a list of texts"
        elif key == "rules":
            fits, wanted = isinstance(value, dict), "a mapping"
        elif key == "importance":
            fits, wanted = isinstance(value, int | float) and not isinstance(value, bool), "a number"
        else:
            fits, wanted = isinstance(value, str), "text; quote it"
        if not fits:
            raise ConfigurationError(f"feature {entry['name']}: {key} is {value!r}, and must be {wanted}")
