"""Exercise 01: settings that mean what they say, a doctor that looks, a fingerprint that tells what changed.

Three topics, each on its own: ``load_settings`` with its .env, ``check``, ``fingerprint`` with ``diff``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 01`` which rule comes next.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


class Secret:
    """A text that only ``reveal()`` gives away; of no concern for the core.

    Args:
        text: The password, token or key.
    """

    def __init__(self, text: str) -> None:
        raise NotImplementedError("Secret")

    def reveal(self) -> str:
        """Return the text."""
        raise NotImplementedError("Secret.reveal")


def parse_env(text: str, *, source: str = ".env") -> dict[str, str]:
    """Return the values of a .env file by name; an error names the lines that cannot be read.

    Args:
        text: What the file holds.
        source: Its name, for messages.
    """
    raise NotImplementedError("parse_env")


def format_env(values: Mapping[str, str]) -> str:
    """Return text that ``parse_env`` reads back as these values; of no concern for the core.

    Args:
        values: Text by name.
    """
    raise NotImplementedError("format_env")


def load_settings(
    schema: type[Any],
    *,
    env_file: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    prefix: str = "",
    arguments: Mapping[str, Any] | None = None,
) -> Any:
    """Return an object of the schema; one error tells everything that is wrong.

    Args:
        schema: A dataclass.
        env_file: A .env, which need not be there.
        environ: Variables by name; ``os.environ`` when None.
        prefix: What the name of each variable begins with, as ``APP_``.
        arguments: Values by name of the setting; None is an argument that was not given.
    """
    raise NotImplementedError("load_settings")


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a check found; ``severity`` is "ok", "warning" or "error".

    Attributes:
        check: The name of the check.
        severity: How bad it is.
        found: What is there, in words.
        expected: What should be; not empty unless the severity is "ok".
        fix: A command that mends it; not empty unless the severity is "ok".
    """

    check: str
    severity: str
    found: str
    expected: str = ""
    fix: str = ""


def check(
    python: str | Path | None = None,
    *,
    only: str | Iterable[str] | None = None,
    lock: str | Path | None = None,
    workdir: str | Path | None = None,
) -> list[Finding]:
    """Return the findings about an environment, at least one for each check.

    Args:
        python: Its interpreter; the running one when None.
        only: Name of a check, or several: interpreter, moved, packages, files, dependencies, conflicts, dotenv.
            All of them when None.
        lock: The requirements.lock to compare with.
        workdir: The project's folder, with .env and .env.example; the current one when None.
    """
    raise NotImplementedError("check")


def fingerprint() -> Any:
    """Return what results depend on: an object with ``digest``, a text, and ``to_dict()``, plain data for JSON.

    Its class is yours to write, and to name here.
    """
    raise NotImplementedError("fingerprint")


def diff(a: Any, b: Any) -> list[str]:
    """Return one line for each difference, as "numpy 2.4.5 -> 2.4.6".

    Args:
        a: A fingerprint, or its ``to_dict()``.
        b: Another.
    """
    raise NotImplementedError("diff")
