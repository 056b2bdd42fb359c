"""The seven modules that the capstone puts together: the learner's, the library's, or others."""

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from groundwork.course._answers import Answers, answers_to
from groundwork.course._catalog import CAPSTONE, Exercise, exercises
from groundwork.course._guard import allowed_imports, refusal_of
from groundwork.course._paths import is_file, see_readable
from groundwork.course._progress import digest_of

SUITE = "07"
_HERE = Path(__file__).resolve().parent / "exercises"


@dataclass(frozen=True, slots=True)
class Module:
    """One of the seven.

    Attributes:
        number: Of its exercise, as ``04``.
        file: What the learner's file is called, as ``storage.py``.
        sources: Files, or modules of groundwork; the first that has a name gives it. Empty where there is none.
        names: What the module must have.
        library: Whether it is groundwork's own, or another one of ours, in place of the learner's.
        problem: Why it cannot be run, or nothing.
    """

    number: str
    file: str
    sources: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=(), repr=False)
    library: bool = False
    problem: str = ""

    @property
    def name(self) -> str:
        """What the story imports."""
        return self.file.removesuffix(".py")


def learners_modules(places: Mapping[str, Path], library: Collection[str] = ()) -> list[Module]:
    """Find the learner's seven modules.

    Args:
        places: Number of each exercise to the learner's file, be it there or not.
        library: Numbers of those in whose place the library's own stands.

    Returns:
        One for each exercise, in order.
    """
    return [
        library_module(each) if each.number in library else _learners(each, places[each.number]) for each in exercises()
    ]


def library_module(exercise: Exercise) -> Module:
    """Take the library's own; of a suite, which the library does not have, the course's second one.

    Args:
        exercise: Whose.

    Returns:
        The module.
    """
    sources = tuple(exercise.library) or (str(exercise.path / "alternative" / exercise.file),)
    return Module(exercise.number, exercise.file, sources, names_of(exercise), library=True)


def module_of_files(exercise: Exercise, *files: Path) -> Module:
    """Take a file as it is, or one laid over another.

    Args:
        exercise: Whose.
        files: One, or two: the names of the first are put in the place of the second's.

    Returns:
        The module.
    """
    return Module(exercise.number, exercise.file, tuple(str(file.resolve()) for file in files), names_of(exercise))


def names_of(exercise: Exercise) -> tuple[str, ...]:
    """List what the story takes from an exercise's module.

    Args:
        exercise: Which.

    Returns:
        Names.
    """
    return _NAMES[exercise.number]


_NAMES: dict[str, tuple[str, ...]] = {
    "01": ("Secret", "check", "diff", "fingerprint", "load_settings"),
    "02": ("BatchLoader", "DatasetIndex", "Sample", "deduplicate", "split"),
    "03": (
        "cached",
        "confidence_interval",
        "evaluate_regression",
        "find_plugin",
        "impute",
        "logged",
        "register",
        "scale",
        "timed",
        "validated",
    ),
    "04": ("CheckpointStore", "Keep", "append", "read", "stream", "write"),
    "05": ("Backoff", "CircuitBreaker", "Pipeline", "Step", "deadline", "retry"),
    "06": ("TokenBucket", "map_async", "serve"),
    "07": (),
}


def digest_at(exercise: Exercise, folder: Path) -> str | None:
    """Tell one state of a learner's work from another.

    Args:
        exercise: The exercise, or the capstone.
        folder: The learner's folder of it.

    Returns:
        The SHA-256 of the learner's file; for the capstone that of all seven. None where there is nothing.
    """
    if exercise.number != CAPSTONE:
        return digest_of(folder / exercise.file)
    digests = [digest_of(path) or "" for path in places(folder.parent).values()]
    return hashlib.sha256(" ".join(digests).encode()).hexdigest() if any(digests) else None


def places(course: Path) -> dict[str, Path]:
    """Say where the learner's seven files are, or would be.

    Args:
        course: The folder that holds the exercises' folders.

    Returns:
        By number.
    """
    return {each.number: course / each.folder / each.file for each in exercises()}


@cache
def file_names() -> Mapping[str, str]:
    """Say which exercise a module's name belongs to.

    Returns:
        Name of the module to number and file, as ``04 storage.py``; ``intake`` is not the learner's.
    """
    return {each.file.removesuffix(".py"): f"{each.number} {each.file}" for each in exercises()}


def order_of(parts: Collection[Module]) -> dict[str, Any]:
    """Write down for another process what it is to import.

    Args:
        parts: The seven.

    Returns:
        Plain data: ``modules``, ``names``, ``suite``, ``allows``, ``answers``, ``own``, ``given``.
    """
    files = [Path(source) for part in parts if not part.library for source in part.sources]
    code = [part for part in parts if part.number != SUITE]
    return {
        "modules": {part.name: list(part.sources) for part in code},
        "names": {part.name: list(part.names) for part in code},
        "suite": next(source for part in parts if part.number == SUITE for source in part.sources),
        "allows": sorted({name for part in parts for name in _allowed(part)}),
        "answers": astuple(_answers(parts)),
        "own": str(_common(files)),
        "given": str(_HERE / "07_testing" / "starter"),
    }


def _learners(exercise: Exercise, file: Path) -> Module:
    part = {"number": exercise.number, "file": exercise.file, "names": names_of(exercise)}
    if not is_file(file):
        return Module(**part, problem="")  # type: ignore[arg-type]
    path = file.resolve()
    see_readable(path)
    text = path.read_text(encoding="utf-8", errors="replace")
    refused = refusal_of(text, allowed_imports(exercise.contract_module, path)) or ""
    return Module(**part, sources=(str(path),), problem=refused)  # type: ignore[arg-type]


def _allowed(part: Module) -> tuple[str, ...]:
    exercise = next(each for each in exercises() if each.number == part.number)
    paths = [Path(source) for source in part.sources if source.endswith(".py") and not part.library]
    return tuple(name for path in paths for name in allowed_imports(exercise.contract_module, path))


def _answers(parts: Collection[Module]) -> Answers:
    # Of what stands beside one part of the library some are made; and the course's own are answers themselves.
    ours = any(part.library or "groundwork" in _allowed(part) for part in parts)
    return Answers() if ours else answers_to(each.contract_module for each in exercises())


def _common(files: list[Path]) -> Path:
    return Path(os.path.commonpath([str(file.parent) for file in files])) if files else _HERE
