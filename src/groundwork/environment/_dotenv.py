"""The check of ``.env`` against ``.env.example``.

Rule: only names are compared; a value is never kept, shown or put into a finding.
"""

import difflib
import os
from collections.abc import Iterator
from pathlib import Path

from groundwork.environment._env_file import read_env
from groundwork.environment._finding import Finding
from groundwork.environment._subject import Subject


def check_dotenv(subject: Subject) -> Iterator[Finding]:
    """Compare the names set in ``.env`` (or in the process) with those in ``.env.example``.

    Args:
        subject: The environment.

    Yields:
        One finding a name that is missing or unknown, one a line that cannot be read, or one that all is well.
    """
    example, actual = subject.workdir / ".env.example", subject.workdir / ".env"
    wanted, _ = _names(example)
    if wanted is None:
        yield Finding("dotenv", "ok", f"no .env.example in {subject.workdir}; nothing to compare with")
        return
    here, broken = _names(actual)
    here = here or []
    missing = [name for name in wanted if name not in here and name not in os.environ]
    # After a line that cannot be read, what looks like a name may be a piece of a secret.
    unknown = [] if broken else [name for name in here if name not in wanted]
    for name in missing:
        near = difflib.get_close_matches(name, unknown, n=1)
        found = f"{name} is not set" + (f"; {near[0]} is" if near else "")
        fix = f"rename {near[0]} to {name} in {actual}" if near else f"add {name}=... to {actual}"
        yield Finding("dotenv", "error", found, f"{name}, as in {example.name}", fix)
    for name in unknown:
        yield Finding("dotenv", "warning", f"{name} is set, but not in {example.name}", "names of the example only")
    for words in broken:
        yield Finding("dotenv", "error", words, "NAME=value", f"correct that line of {actual}")
    if not missing and not unknown and not broken:
        yield Finding("dotenv", "ok", f"all {len(wanted)} names of {example.name} are set")


def _names(path: Path) -> tuple[list[str] | None, list[str]]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None, []
    assignments, mistakes = read_env(text, path.name)
    return list(dict.fromkeys(one.name for one in assignments)), [str(mistake) for mistake in mistakes]
