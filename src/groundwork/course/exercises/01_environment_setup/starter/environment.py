"""Exercise 01: settings that mean what they say, a doctor that looks, a fingerprint that tells what changed.

Three topics, each on its own: ``load_settings`` with its .env, ``check``, ``fingerprint`` with ``diff``.
The README says what they must do, the guide how to get there, and ``groundwork learn check 01`` which rule comes next.
"""

import dataclasses


class Secret:
    """A text that only ``reveal()`` gives away.

    Args:
        text: The password, token or key.
    """

    def __init__(self, text):
        raise NotImplementedError("Secret")

    def reveal(self):
        """Return the text."""


def parse_env(text, *, source=".env"):
    """Return the values of a .env file by name; an error names the lines that cannot be read.

    Args:
        text: What the file holds.
        source: Its name, for messages.
    """
    raise NotImplementedError("parse_env")


def format_env(values):
    """Return text that ``parse_env`` reads back as these values.

    Args:
        values: Text by name.
    """
    raise NotImplementedError("format_env")


def load_settings(schema, *, env_file=None, environ=None, prefix="", arguments=None):
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
    """What a check found; ``severity`` is "ok", "warning" or "error"."""

    check: str
    severity: str
    found: str
    expected: str = ""
    fix: str = ""


def check(python=None, *, only=None, lock=None, workdir=None):
    """Return the findings about an environment, at least one for each check.

    Args:
        python: Its interpreter; the running one when None.
        only: Name of a check, or several: interpreter, moved, packages, files, dependencies, conflicts, dotenv.
        lock: The requirements.lock to compare with.
        workdir: The project's folder, with .env and .env.example.
    """
    raise NotImplementedError("check")


def fingerprint():
    """Return what results depend on: has ``digest``, a text, and ``to_dict()``, plain data."""
    raise NotImplementedError("fingerprint")


def diff(a, b):
    """Return one line for each difference, as "numpy 2.4.5 -> 2.4.6".

    Args:
        a: A fingerprint, or its ``to_dict()``.
        b: Another.
    """
    raise NotImplementedError("diff")
