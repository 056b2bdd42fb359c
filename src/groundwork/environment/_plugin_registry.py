"""Plugins by name: those of this process, and those of installed packages.

Rule: one name is one thing; two with one name are an error that names both, and groundwork's own names are not given
away. Who asks for a name that nobody has is told which there are.
"""

import contextlib
import difflib
import inspect
import threading
from typing import Any

from groundwork.environment._plugin_kinds import KINDS, PluginKind
from groundwork.environment._plugins import installed_plugins, plugins_named
from groundwork.errors import ConfigurationError, UnknownPluginError

_registered: dict[tuple[str, str], Any] = {}
_lock = threading.Lock()


def register_plugin(kind: str, name: str, value: Any) -> None:
    """Give something a name in this process.

    Args:
        kind: ``estimator``, ``step``, ``format`` or ``metric``.
        name: The name; of a format, the suffix of its files without the dot.
        value: What is meant. A function or class that was defined anew, as by a notebook, takes the old one's place.

    Raises:
        UnknownPluginError: There is no such kind.
        ConfigurationError: The name is groundwork's own or is taken, or the value is not what its kind must be.
    """
    known = _kind(kind)
    if (refusal := known.refusal(name)) is not None:
        raise ConfigurationError(refusal, context={"kind": kind, "name": name})
    if not known.fits(value):
        raise ConfigurationError(
            f"{kind} {name!r} is {_shown(value)}; it must be {known.must_be}", hint=f"register({kind!r}, {name!r}, …)"
        )
    key = (kind, known.plain(name))
    with _lock:
        old = _registered.get(key)
        if old is not None and old is not value and _place(old) != _place(value):
            raise ConfigurationError(
                f"{kind} {name!r} is {_place(old)} already and cannot be {_place(value)} too",
                hint="choose another name for one of them",
                context={"kind": kind, "name": name},
            )
        _registered[key] = value


def forget_plugin(kind: str, name: str) -> None:
    """Take back a name that this process gave; nothing happens if it did not.

    Args:
        kind: See ``register_plugin``.
        name: The name.
    """
    with _lock:
        _registered.pop((kind, _kind(kind).plain(name)), None)


def look_for_plugin(kind: str, name: str) -> Any | None:
    """Find what a name stands for.

    Args:
        kind: ``estimator``, ``step``, ``format`` or ``metric``.
        name: The name.

    Returns:
        What was registered in this process, or what an installed package declares, imported; None if nobody has it.

    Raises:
        UnknownPluginError: There is no such kind, two have the name, or the one that has it cannot be used; its package
            is named.
    """
    known = _kind(kind)
    if known.refusal(name) is not None:
        return None
    registered = _registered.get((kind, known.plain(name)))
    declared = plugins_named(kind, name)
    if registered is not None and len(declared) == 1 and _place(registered) == declared[0].value:
        # A package that also registers what it declares means one thing.
        return registered
    origins = [] if registered is None else [f"{_place(registered)} of this process"]
    origins += [plugin.origin for plugin in declared]
    if len(origins) > 1:
        raise UnknownPluginError(
            f"{kind} {name!r} is brought by {' and by '.join(origins)}",
            hint="uninstall one of them, or give one another name",
            context={"kind": kind, "name": name, "origins": origins},
        )
    return declared[0].load() if declared else registered


def find_plugin(kind: str, name: str) -> Any:
    """Find what a name stands for; see ``look_for_plugin``.

    Args:
        kind: See there.
        name: See there.

    Returns:
        What was registered or is declared.

    Raises:
        UnknownPluginError: Nobody has the name, and the message says which there are; or see ``look_for_plugin``.
    """
    found = look_for_plugin(kind, name)
    if found is None:
        raise no_plugin(kind, name)
    return found


def plugin_names(kind: str) -> list[str]:
    """List the names of a kind that packages and this process have added, in order.

    Args:
        kind: See ``look_for_plugin``.
    """
    known = _kind(kind)
    declared = {plugin.name for plugin in installed_plugins() if plugin.kind == kind}
    registered = {name for each, name in _registered if each == kind}
    return sorted(name for name in declared | registered if known.refusal(name) is None)


def estimators_of(name: str) -> list[type[Any]]:
    """List the estimators that the package of a dotted name has registered or declares; imports no other package.

    Args:
        name: As ``package.module.Class``.

    Returns:
        Classes; those that cannot be imported are left out.
    """
    package = name.partition(".")[0]
    registered = [value for (kind, _), value in list(_registered.items()) if kind == "estimator"]
    found = [value for value in registered if value.__module__.partition(".")[0] == package]
    for plugin in installed_plugins():
        if plugin.kind == "estimator" and plugin.value.partition(":")[0].partition(".")[0].strip() == package:
            with contextlib.suppress(UnknownPluginError):
                found.append(plugin.load())
    return found


def no_plugin(kind: str, name: str) -> UnknownPluginError:
    """Say that nobody has a name, and what there is.

    Args:
        kind: See ``look_for_plugin``.
        name: The name.

    Returns:
        The error.
    """
    known, names = _kind(kind), plugin_names(kind)
    group = f"packages declare one as an entry point of {known.group}"
    if name in known.built_in:
        return UnknownPluginError(f"{kind} {name!r} is groundwork's own and no plugin", hint=group)
    near = difflib.get_close_matches(name, [*names, *known.built_in], n=1)
    there = f"there is {', '.join(names)}" if names else "no package brings any"
    hint = f"did you mean {near[0]!r}?" if near else f"is its package installed here? {group}"
    context = {"kind": kind, "name": name, "known": names}
    return UnknownPluginError(f"there is no {kind} {name!r}; {there}", hint=hint, context=context)


def _kind(kind: str) -> PluginKind:
    if kind not in KINDS:
        raise UnknownPluginError(f"there is no kind of plugin {kind!r}; there is {', '.join(KINDS)}")
    return KINDS[kind]


def _place(value: Any) -> str:
    """Name a value as entry points do; an object by its type, of which there may be many."""
    plain = inspect.unwrap(value) if callable(value) else value
    if inspect.ismodule(plain):
        return str(plain.__name__)
    name = getattr(plain, "__qualname__", None)
    if name is None:
        return f"{type(plain).__module__}:{type(plain).__qualname__} at {id(plain):#x}"
    return f"{plain.__module__}:{name}"


def _shown(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
