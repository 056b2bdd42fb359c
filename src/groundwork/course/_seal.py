"""Notice that a learner's code changed what grades it.

Rule: what was there before the learner's file was imported must be there, the very same object, when a verdict is
given: the builtins, what grades (modules with their functions and classes), the checks. It finds what was left
changed, not what was changed and put back in between. Cost: under a millisecond a look.
"""

import builtins
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import FunctionType, ModuleType
from typing import Any

from groundwork.testing import Check

_ALSO = ("json", "time", "os", "hmac", "contextlib", "threading")
Verify = Callable[[], str | None]


def seal(checks: Iterable[Check]) -> Verify:
    """Remember how things are now.

    Args:
        checks: Those by which will be graded.

    Returns:
        A function that says what is no longer so: a sentence, or None. It calls nothing that could be changed, and
        puts back what it finds in modules, for an answer needs the builtins too.
    """
    looks = (_spaces_sealed(), _codes_sealed(), _checks_sealed(tuple(checks)))

    def verify() -> str | None:
        found = None
        for look in looks:
            broken = look()
            if broken is not None:
                found = broken + "; expected it to be left alone"
        return found

    return verify


def _spaces_sealed() -> Verify:
    spaces: list[tuple[str, Any, tuple[tuple[str, Any], ...], tuple[str, ...]]] = []
    for name in ("builtins", *_ALSO):
        inside = vars(sys.modules[name])
        spaces.append((name, inside, _doing(inside), ()))
    for owner, space in _ours():
        inside = vars(space)
        # A new name hides a builtin in a module, and what is inherited in a class.
        hiding = set(vars(builtins)) if isinstance(space, ModuleType) else _inherited(space)
        spaces.append((owner, inside, _doing(inside), tuple(hiding.difference(inside))))
    plain = dict

    def look() -> str | None:
        found = None
        for where, space, doing, hiding in spaces:
            for name, value in doing:
                if name not in space or space[name] is not value:
                    found = f"put something else in the place of {where}.{name}"
                    if space.__class__ is plain:
                        space[name] = value
            for name in hiding:
                if name in space:
                    found = f"put something in front of {where}.{name}"
        return found

    return look


def _codes_sealed() -> Verify:
    codes = [code for owner, space in _ours() for code in _codes(owner, vars(space))]

    def look() -> str | None:
        for where, function, code, defaults in codes:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return f"changed the code of {where}"
        return None

    return look


def _checks_sealed(checks: tuple[Check, ...]) -> Verify:
    runs = [(check.id, check, check.run) for check in checks]

    def look() -> str | None:
        for where, check, run in runs:
            if check.run is not run:
                return f"changed the check {where}"
        return None

    return look


def _inherited(space: type) -> set[str]:
    return {name for each in space.__mro__[1:] for name in vars(each)} - _LATER


# What the interpreter itself may set in a class later.
_LATER = frozenset(("__abstractmethods__", "__annotations__", "__doc__", "__module__", "__weakref__", "__dict__"))
_OURS = ("groundwork.testing", "groundwork.course", "groundwork.errors")


def _is_ours(name: str) -> bool:
    return f"{name}.".startswith(tuple(f"{each}." for each in _OURS))


def _ours() -> list[tuple[str, ModuleType | type]]:
    modules = [(name, module) for name, module in sys.modules.items() if _is_ours(name)]
    return [found for name, module in modules for found in _spaces(name, module)]


def _spaces(name: str, module: ModuleType) -> Iterable[tuple[str, ModuleType | type]]:
    yield name, module
    for key, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__ == name:
            yield f"{name}.{key}", value


def _doing(space: Any) -> tuple[tuple[str, Any], ...]:
    """Leave out plain values: counters and caches change."""
    return tuple((key, value) for key, value in list(space.items()) if callable(value) or hasattr(value, "__get__"))


def _codes(owner: str, space: Any) -> list[tuple[str, FunctionType, Any, Any]]:
    found = []
    for key, value in list(space.items()):
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        if isinstance(function, FunctionType):
            found.append((f"{owner}.{key}", function, function.__code__, function.__defaults__))
    return found


class EqualToAnything:
    """Notices classes whose objects say that they equal whatever they are compared with.

    Rule: an object made without its ``__init__`` cannot equal two things that nobody knows; one that does would pass
    every comparison. Cost: two comparisons for each class of the learner's file.

    Attributes:
        folder: Classes of the files in it are looked at; none before it is set.
    """

    def __init__(self) -> None:
        self.folder = ""
        self._classes: list[type] = []
        self._build = builtins.__build_class__

    def watch(self) -> None:
        """Look at each class from now on, in this process."""
        build, classes = self._build, self._classes

        def build_class(function: Any, /, *arguments: Any, **options: Any) -> Any:
            made = build(function, *arguments, **options)
            if self.folder and function.__code__.co_filename.startswith(self.folder) and isinstance(made, type):
                classes.append(made)
            return made

        builtins.__build_class__ = build_class

    def found(self) -> str | None:
        """Say which class it is.

        Returns:
            A sentence, or None.
        """
        for each in self._classes:
            if _equals_anything(each):
                return f"has objects of {each.__name__}, which say that they equal anything"
        return None


class _Unknown:
    pass


_BASES = (int, float, str, bytes, list, tuple, dict, set, BaseException)


def _equals_anything(each: type) -> bool:
    asked: list[tuple[Any, Any]] = []
    if not _is_plain(type(each), type):
        asked.append((type(each).__eq__, each))
    if not _is_plain(each, object):
        base: Any = next((kind for kind in _BASES if issubclass(each, kind)), object)
        # Its own code may raise anything; then it does not say that it is equal.
        with suppress(Exception):
            asked.append((each.__eq__, base.__new__(each)))
    return any(_says_yes(equal, of) for equal, of in asked)


def _is_plain(each: Any, base: Any) -> bool:
    return each.__eq__ is base.__eq__


def _says_yes(equal: Any, of: Any) -> bool:
    try:
        return all(equal(of, other) not in (False, NotImplemented) for other in (_Unknown(), 0.123456789))
    except Exception:  # noqa: BLE001 - see above
        return False
