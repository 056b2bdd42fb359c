"""Which types a checkpoint may bring to life.

Rule: an allowlist decides, never a scan for known evil. Trusted is what skops trusts, the estimators that installed
packages declare as plugins, and what scikit-learn's own are made of: classes and functions that scikit-learn itself
defines, NumPy's ufuncs and a few names beside them, SciPy's sparse arrays and splines; and this library's transformers,
by name. A name that is only re-exported there (``sklearn.utils.os``) is not.
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterable

from groundwork.errors import UnsafeCheckpoint

_NAMES = frozenset(
    {
        # skops judges what the partial calls and holds by itself; gradient boosting with categories has one.
        "functools.partial",
        "groundwork.modeling.preprocessing.DateParts",
        "groundwork.modeling.preprocessing.OutlierClipper",
        "groundwork.modeling.preprocessing.RareGrouper",
        "numpy.dtype",
        "numpy.mean",
        "numpy.median",
        "numpy.nanmean",
        "numpy.nanmedian",
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
    }
)
_PACKAGES = ("sklearn.", "scipy.sparse.", "scipy.interpolate.", "scipy.special.")
# These fetch, read or run things, or are no part of a fitted estimator.
_NOT_THESE = frozenset({"datasets", "externals", "tests", "_testing", "conftest", "__main__", "_build_utils", "io"})


def untrusted_types(names: Iterable[str]) -> list[str]:
    """Sort out the types that nobody has vouched for.

    Args:
        names: Dotted names that skops does not trust by itself.

    Returns:
        Those that the rule of this module does not trust either.
    """
    return [name for name in names if not _trusted(name)]


def require_trusted(names: Iterable[str], source: str) -> None:
    """Refuse a file with types that are not trusted.

    Args:
        names: Dotted names that skops does not trust by itself.
        source: The file, for the message.

    Raises:
        UnsafeCheckpoint: At least one type is not trusted; all are named.
    """
    foreign = untrusted_types(names)
    if foreign:
        raise UnsafeCheckpoint(
            f"{source}: loading would bring in {', '.join(foreign)}, which nobody has vouched for",
            hint=_hint(foreign),
            context={"file": source, "types": foreign},
        )


def _hint(foreign: Iterable[str]) -> str:
    absent = sorted({package for name in foreign if not _is_there(package := name.partition(".")[0])})
    if absent:
        return f"{', '.join(absent)} cannot be imported here; install the package that brings it"
    return "if you know who made this file, load it with trust=True"


def _is_there(package: str) -> bool:
    # Looks for it without importing it.
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # __main__ has no spec, nor has what a test puts into sys.modules
        return package in sys.modules


def _is_plugin(name: str) -> bool:
    """Whether a type is an estimator that this process registered, or that its own installed package declares."""
    from groundwork import environment

    return name in {f"{found.__module__}.{found.__qualname__}" for found in environment.estimators_of(name)}


def _trusted(name: str) -> bool:
    if name in _NAMES:
        return True
    module, _, attribute = name.rpartition(".")
    if module == "numpy":
        import numpy

        return isinstance(getattr(numpy, attribute, None), numpy.ufunc)
    if _is_plugin(name):
        return True
    if not name.startswith(_PACKAGES) or not _NOT_THESE.isdisjoint(module.split(".")):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        return False
    home = getattr(found, "__module__", None) or ""
    return callable(found) and (home + ".").startswith(_PACKAGES) and _NOT_THESE.isdisjoint(home.split("."))
