"""Mutation testing: change the code in one place at a time and see whether a test notices.

Rule: a mutant is killed when a test that passes without it fails or does not end; whatever no test notices is listed.
Files are never written, so a run that is killed leaves nothing; decorated functions, constants and defaults are mutated
like everything else. Cost: all tests once, then for each mutant the tests that reach it, the quickest first.
"""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundwork.errors import UsageError
from groundwork.testing._mutants import Mutant, compile_mutant, find_mutants
from groundwork.testing._mutate_runner import MutantRunner, key_of

_LEFT_OUT = frozenset({".venv", "venv", "node_modules", "__pycache__", "build", "dist"})
KILLED = frozenset({"killed", "timeout"})


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a mutant.

    Attributes:
        mutant: The mutant.
        status: ``killed``, ``timeout``, ``survived``, or ``no tests`` where none reaches it.
        seconds: How long it took.
    """

    mutant: Mutant
    status: str
    seconds: float = 0.0

    @property
    def killed(self) -> bool:
        """Whether a test noticed it."""
        return self.status in KILLED

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            id, file, line, function, text, change, status, seconds.
        """
        one = self.mutant
        place = {"id": one.id, "file": str(one.file), "line": one.line, "function": one.function}
        return {**place, "text": one.text, "change": one.change, "status": self.status, "seconds": self.seconds}


@dataclass(frozen=True, slots=True)
class MutationResult:
    """What became of all mutants.

    Attributes:
        tried: Each mutant, by file and line.
        tests: How many tests there are.
        seconds: How long all of it took.
    """

    tried: tuple[Tried, ...]
    tests: int
    seconds: float

    @property
    def score(self) -> float:
        """The share that was killed, 0 to 1; 1 where there is nothing to change."""
        return sum(each.killed for each in self.tried) / len(self.tried) if self.tried else 1.0

    @property
    def unnoticed(self) -> list[Tried]:
        """Those that no test noticed."""
        return [each for each in self.tried if not each.killed]

    def counts(self) -> dict[str, int]:
        """Count them.

        Returns:
            Status to number.
        """
        return dict(Counter(each.status for each in self.tried))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            score, counts, tests, seconds, mutants.
        """
        mutants = [each.to_dict() for each in self.tried]
        return {
            "score": self.score,
            "counts": self.counts(),
            "tests": self.tests,
            "seconds": self.seconds,
            "mutants": mutants,
        }


def mutate(
    paths: Sequence[str | Path],
    tests: Sequence[str | Path] = (),
    *,
    jobs: int | None = None,
    limit_s: float = 10.0,
    only: Sequence[str] = (),
    sample: int | None = None,
    seed: int = 0,
    on_result: Callable[[Tried, int], None] | None = None,
) -> MutationResult:
    """Try mutants of some files by the tests of the current folder.

    Args:
        paths: Files of Python, or folders of them.
        tests: What pytest is to collect; what its configuration says if empty.
        jobs: How many mutants at once; as many as there are processors if None.
        limit_s: Seconds after which a mutant is given up; more if its tests take more than a tenth of it without it.
        only: Ids of mutants, if not all are wanted.
        sample: How many to draw at most.
        seed: For the draw.
        on_result: Told of each mutant that was tried, and how many there are in all.

    Returns:
        What became of them.

    Raises:
        UsageError: There is no file, no mutant of an id, or the tests fail without any mutant.
    """
    begin_s = time.monotonic()
    mutants = choose_mutants(paths, only=only, sample=sample, seed=seed)
    found: dict[str, Tried] = {}
    known = {key_of(mutant): mutant for mutant in mutants}

    def note(key: str, status: str, seconds: float) -> None:
        found[key] = Tried(known[key], status, seconds)
        if on_result is not None:
            on_result(found[key], len(mutants))

    tested = 0
    if mutants:
        with _folder() as folder:
            request = {"tests": [str(each) for each in tests], "jobs": jobs or os.cpu_count() or 1, "limit_s": limit_s}
            tested = MutantRunner(mutants, request, folder, note).run()
    tried = tuple(found[key_of(mutant)] for mutant in mutants)
    return MutationResult(tried, tested, time.monotonic() - begin_s)


def choose_mutants(
    paths: Sequence[str | Path], *, only: Sequence[str] = (), sample: int | None = None, seed: int = 0
) -> list[Mutant]:
    """List the mutants to try; none that compiles to what the file is anyway.

    Args:
        paths: Files of Python, or folders of them.
        only: Ids, if not all are wanted.
        sample: How many to draw at most.
        seed: For the draw.

    Returns:
        The mutants, by file and line.

    Raises:
        UsageError: There is no such file, or no mutant of an id.
    """
    mutants = [mutant for file in _files(paths) for mutant in find_mutants(file)]
    if only:
        unknown = sorted(set(only) - {mutant.id for mutant in mutants})
        if unknown:
            raise UsageError(f"no mutant {', '.join(unknown)} in these files", hint="groundwork mutate --list FILE")
        mutants = [mutant for mutant in mutants if mutant.id in only]
    if sample is not None and sample < len(mutants):
        drawn = set(random.Random(seed).sample(range(len(mutants)), sample))
        mutants = [mutant for nth, mutant in enumerate(mutants) if nth in drawn]
    plain = {file: compile_mutant(file, None) for file in {mutant.file for mutant in mutants}}
    return [mutant for mutant in mutants if compile_mutant(mutant.file, mutant.number) != plain[mutant.file]]


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="groundwork-mutate-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(paths: Sequence[str | Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for given in map(Path, paths):
        if given.is_dir():
            inside = sorted(given.rglob("*.py"))
            found.update(dict.fromkeys(each for each in inside if not _LEFT_OUT & set(each.parts)))
        elif given.is_file():
            found[given] = None
        else:
            raise UsageError(f"{given} does not exist", hint="name files of Python, or folders of them")
    if not found:
        raise UsageError(f"no file of Python in {', '.join(map(str, paths))}", hint="name the package itself")
    return list(found)
