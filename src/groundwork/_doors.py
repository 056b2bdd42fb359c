"""Doors of packages that load the module of a name when the name is first asked for, and no other.

Rule: importing such a package imports nothing; its ``_door`` says in ``HOMES`` where each name is, its ``__init__.pyi``
the same to type checkers. Cost: a look-up at the first use of a name, nothing after that.
"""

import sys
from importlib import import_module
from typing import Any


def opened(package: str, name: str) -> Any:
    """Find a name of a package; its ``__getattr__``.

    Args:
        package: The package.
        name: What was asked for.

    Returns:
        What the name is of.

    Raises:
        AttributeError: The package does not offer it.
    """
    if name.startswith("_") and name != "__all__":  # the import system asks for modules this way
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    if name == "__all__":
        return names(package)
    home = import_module(f"{package}._door").HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {package!r} has no attribute {name!r}")
    found = getattr(import_module(f"{package}.{home}"), name)
    setattr(sys.modules[package], name, found)
    return found


def names(package: str) -> list[str]:
    """List the names that a package offers; its ``__dir__``.

    Args:
        package: The package.

    Returns:
        The names.
    """
    return list(import_module(f"{package}._door").HOMES)
