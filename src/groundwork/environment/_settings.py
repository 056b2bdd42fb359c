"""Settings of a program: defaults < file < .env < environment < arguments.

Rule: either every setting has a value of its type, or one error tells all that is wrong. Reading changes nothing:
a .env is not put into the environment of the process.
"""

import os
import weakref
from collections import ChainMap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, overload

from groundwork.environment._settings_build import Builder
from groundwork.environment._settings_layers import Layer, from_arguments, from_env_file, from_file, from_variables
from groundwork.environment._settings_mistakes import Mask, Source, raise_for, texts_of
from groundwork.environment._settings_schema import Group, read_schema, variables
from groundwork.errors import UsageError

T = TypeVar("T")

# By id: settings need be neither hashable nor have room for another attribute.
_SOURCES: dict[int, dict[str, Source]] = {}


class _Settings(dict[str, Any]):
    """What a mapping of types is answered with: a dict that can be referred to weakly."""


@overload
def load_settings(
    schema: type[T],
    *,
    file: str | os.PathLike[str] | None = None,
    env_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    prefix: str = "",
    arguments: Mapping[str, Any] | None = None,
) -> T: ...


@overload
def load_settings(
    schema: Mapping[str, Any],
    *,
    file: str | os.PathLike[str] | None = None,
    env_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    prefix: str = "",
    arguments: Mapping[str, Any] | None = None,
) -> dict[str, Any]: ...


def load_settings(
    schema: Any,
    *,
    file: str | os.PathLike[str] | None = None,
    env_file: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    prefix: str = "",
    arguments: Mapping[str, Any] | None = None,
) -> Any:
    """Load the settings of a program; what comes later wins: defaults, file, .env, environment, arguments.

    The variable of ``port`` is ``PORT`` after the prefix, that of ``database.port`` is ``DATABASE__PORT``.

    Args:
        schema: A dataclass or a pydantic model (the class), or a mapping of names to types.
        file: A .json, .toml, .yaml or .yml file, which must exist.
        env_file: A .env, which need not exist, as it does not on a server.
        environ: Variables; those of the process when None.
        prefix: What each variable begins with, as ``APP_``.
        arguments: Values by dotted name, as of a command line; None is an argument that was not given.

    Returns:
        An object of the schema; a dict for a mapping.

    Raises:
        ConfigurationError: All that is wrong with the values, each with its place; or the schema cannot work.
        UnsupportedFormatError: ``file`` has another suffix.
    """
    group = read_schema(schema)
    layers = _layers(group, file, env_file, environ, prefix, arguments or {})
    builder = Builder(
        ChainMap(*(layer.given for layer in layers)),
        Mask(_secrets(group, layers)),
        prefix,
        tuple(name for layer in layers for name in layer.unused),
    )
    settings = builder.build(group)
    whole = all(layer.readable for layer in layers)
    found = [mistake for mistake in builder.mistakes if whole or mistake.source is not None]
    raise_for([*(mistake for layer in reversed(layers) for mistake in layer.mistakes), *found])
    return _remembered(_Settings(settings) if isinstance(schema, Mapping) else settings, builder.sources)


def sources(settings: Any) -> dict[str, Source]:
    """Tell where each setting came from.

    Args:
        settings: What ``load_settings`` returned; a copy of it has no sources.

    Returns:
        A ``Source`` by dotted name; its ``str`` is one short phrase.

    Raises:
        UsageError: These settings were not loaded here, or cannot be referred to weakly.
    """
    try:
        return dict(_SOURCES[id(settings)])
    except KeyError:
        raise UsageError(
            f"nothing is known of where this {type(settings).__name__} came from",
            hint="pass what load_settings returned; a dataclass with slots=True needs weakref_slot=True",
        ) from None


def _layers(
    group: Group,
    file: str | os.PathLike[str] | None,
    env_file: str | os.PathLike[str] | None,
    environ: Mapping[str, str] | None,
    prefix: str,
    arguments: Mapping[str, Any],
) -> list[Layer]:
    """Read every source, the one that wins first."""
    known = variables(group, prefix)
    return [
        from_arguments(group, arguments),
        from_variables(known, os.environ if environ is None else environ),
        Layer() if env_file is None else from_env_file(known, Path(env_file), prefix),
        Layer() if file is None else from_file(group, Path(file)),
    ]


def _secrets(group: Group, layers: list[Layer]) -> list[str]:
    """Collect the secret texts of every layer, those that lose too."""
    hidden = [path for path, setting in group.leaves() if setting.secret]
    raws = [layer.given[path].raw for layer in layers for path in hidden if path in layer.given]
    return [text for raw in raws for text in texts_of(raw)]


def _remembered(settings: T, origins: dict[str, Source]) -> T:
    try:
        gone = weakref.finalize(settings, _SOURCES.pop, id(settings), None)
    except TypeError:
        # A dataclass with slots leaves no room for a weak reference; only sources() misses it.
        return settings
    gone.atexit = False
    _SOURCES[id(settings)] = origins
    return settings
