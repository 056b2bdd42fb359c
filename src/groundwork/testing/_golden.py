"""Golden files: what a result looked like when somebody last said that it is right.

Rule: a test compares; only ``--update-golden`` writes. Text, bytes and what JSON can hold are kept as files that a
reviewer can read, beside the test: ``golden/<module>/<test>.txt``.
"""

import difflib
import json
import re
from pathlib import Path
from typing import Any

from groundwork.errors import UsageError

_LINES = 30


class Golden:
    """The golden files of one test; call it with a value.

    Args:
        folder: Where they lie.
        test: The test's name, with its parameters.
        update: Write instead of comparing.
    """

    def __init__(self, folder: Path, test: str, *, update: bool) -> None:
        self._folder = folder
        self._test = test
        self._update = update
        self._seen: set[Path] = set()

    def __call__(self, value: Any, name: str = "") -> None:
        """Compare a value with its file.

        Args:
            value: Text, bytes, or what JSON can hold.
            name: Tells several values of one test apart.

        Raises:
            AssertionError: They differ, or there is no file yet.
            UsageError: A second value of this name, or one that cannot be kept.
        """
        content, suffix = _content(value)
        stem = "-".join(re.sub(r"[^\w.-]+", "-", part).strip("-") for part in (self._test, name) if part)
        path = self._folder / f"{stem}{suffix}"
        if path in self._seen:
            raise UsageError(f"this test has compared {path.name} already", hint='give each value a name="..."')
        self._seen.add(path)
        if self._update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        elif not path.exists():
            raise AssertionError(f"there is no {path} yet; look at the value, then run with --update-golden")
        elif path.read_bytes() != content:
            raise AssertionError(_difference(path, content))


def _content(value: Any) -> tuple[bytes, str]:
    if isinstance(value, bytes):
        return value, ".bin"
    if isinstance(value, str):
        return value.encode(), ".txt"
    try:
        text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"a {type(value).__name__} cannot be kept as a golden file: {error}",
            hint="give text, bytes, or what JSON can hold",
        ) from error
    return f"{text}\n".encode(), ".json"


def _difference(path: Path, content: bytes) -> str:
    kept, advice = path.read_bytes(), "; if the new one is right, run with --update-golden"
    if path.suffix == ".bin":
        at = next((n for n, (one, two) in enumerate(zip(kept, content, strict=False)) if one != two), None)
        at = min(len(kept), len(content)) if at is None else at
        return f"{path}: byte {at} differs, {len(content)} bytes instead of {len(kept)}{advice}"
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (kept, content))
    lines = list(difflib.unified_diff(old, new, "golden", "found", n=2, lineterm=""))
    if not lines:
        return f"{path}: line ends differ{advice}"
    more = [f"... and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return "\n".join([f"{path} differs{advice}", *lines[:_LINES], *more])
