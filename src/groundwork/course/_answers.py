"""The answers to the exercises: where they are, and how one is known by whatever name it is asked for.

Rule: an answer is the library's part of an exercise, or one of the course's own solutions; a file is known by its
device and number, so that a link, another folder or bytes are no other file. Cost: a stat for each file that is opened.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_COURSE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Answers:
    """What no code in a learner's process may import or read, whoever asks for it.

    Attributes:
        modules: Names of the library's modules; what is below them counts too.
        places: Folders and files with their source, and with the course's own solutions.
    """

    modules: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def answers_to(contract_modules: Iterable[str]) -> Answers:
    """Find the answers to exercises: the library's, and the course's own solutions, right and wrong.

    Args:
        contract_modules: Of the exercises; one that is not the course's stands for all of them.

    Returns:
        The answers.
    """
    modules, places = [], []
    for contract_module in contract_modules:
        for entry in [entry_of(contract_module)] if entry_of(contract_module) else _entries():
            modules += entry.get("library", ())
            places += [_COURSE / "exercises" / entry["folder"] / name for name in ("alternative", "wrong")]
    for name in modules:
        below = _COURSE.parent.joinpath(*name.split(".")[1:])
        places.append(below if below.is_dir() else below.with_suffix(".py"))
    return Answers(tuple(modules), tuple(map(str, places)))


def entry_of(contract_module: str) -> Mapping[str, Any]:
    """Look an exercise up in ``course.toml``.

    Args:
        contract_module: Of the exercise.

    Returns:
        What it says of it; nothing for a contract that is not the course's.
    """
    return next((entry for entry in _entries() if entry["contract"] == contract_module), {})


@cache
def _entries() -> list[Mapping[str, Any]]:
    import tomllib

    return tomllib.loads((_COURSE / "course.toml").read_text(encoding="utf-8"))["exercise"]  # type: ignore[no-any-return]


def is_below(name: str, modules: Iterable[str]) -> bool:
    """Say whether a module is one of some, or below one of them.

    Args:
        name: Of the module.
        modules: The names of those.

    Returns:
        Whether it is.
    """
    return any(f"{name}.".startswith(f"{module}.") for module in modules)


class Refused:
    """Knows an answer by whatever name it is asked for.

    Args:
        answers: What is refused.
        files: Device and number of each file of theirs, to its path: a link is the same file. Empty if all are hidden.
    """

    def __init__(self, answers: Answers, files: Mapping[tuple[int, int], str]) -> None:
        self._modules = answers.modules
        self._below = tuple(f"{place}{os.sep}" for place in answers.places)
        self._files = files

    def has(self, name: str) -> bool:
        """Tell whether a module is one of the answers.

        Args:
            name: Of the module.
        """
        return is_below(name, self._modules)

    def opened(self, path: Any, mode: str | None, flags: int) -> str | None:
        """Tell which of the answers is opened.

        Args:
            path: What is opened, as the audit event ``open`` tells it; so the others.
            mode: None of ``os.open``.
            flags: For the system.

        Returns:
            Its path, or None.
        """
        if not self._below:
            return None
        try:
            found = self._files.get(_identity(path))
        except OSError:  # it is not there, or is hidden
            found = None if flags & os.O_CREAT else self._hidden(path)
        except (ValueError, TypeError):  # it is no path; whoever opens it will be told
            return None
        return found or (self._in_a_folder(path) if mode is None else None)

    def _hidden(self, path: Any) -> str | None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        real = os.path.realpath(os.fsdecode(path))
        return real if f"{real}{os.sep}".startswith(self._below) else None

    def _in_a_folder(self, path: Any) -> str | None:
        """Look into all folders that are open: what ``os.open`` counts a path from, its ``dir_fd``, is not told."""
        if self._files and isinstance(path, (str, bytes)) and not os.path.isabs(path) and os.path.isdir(_OPENED):
            for folder in os.listdir(_OPENED):
                with suppress(OSError, ValueError):  # most are none
                    if found := self._files.get(_identity(path, int(folder))):
                        return found
        return None


def files_of(places: Iterable[str]) -> Iterator[tuple[tuple[int, int], str]]:
    """List the source files of the answers, compiled ones included.

    Args:
        places: See ``Answers``.

    Yields:
        Device and number of a file, and its path.
    """
    for place in places:
        below = [os.path.join(folder, name) for folder, _, names in os.walk(place) for name in names]
        yield from ((_identity(path), path) for path in below or [place] if path.endswith((".py", ".pyc")))


def _identity(path: Any, folder: int | None = None) -> tuple[int, int]:
    found = _STAT(path, dir_fd=folder)
    return found.st_dev, found.st_ino


_STAT = os.stat  # what the learner's code puts in its place is not asked
_OPENED = "/dev/fd"
