"""What native libraries say of themselves once they are loaded: the kernels they chose and the threads they start.

Rule: only for who asks, for numpy, scipy, scikit-learn and torch are imported for it, which takes seconds. What is not
installed, or cannot be imported, says nothing.
"""

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

_USERS = ("numpy", "scipy.linalg", "sklearn.utils", "torch")
# Names in ``Fingerprint.native``; the threads depend on the cores that a start is given.
IN_USE = ("blas in use", "openmp in use", "cudnn")


def in_use() -> dict[str, str | None]:
    """Import the libraries that compute, and ask them.

    Returns:
        Text by name of ``IN_USE``, as ``openblas 0.3.31 SkylakeX, 2 threads``; None where there is none; empty without
        threadpoolctl, which scikit-learn brings.
    """
    found = {name: module for name in _USERS if (module := _imported(name)) is not None}
    threadpools = _imported("threadpoolctl")
    if threadpools is None:
        return {}
    pools = threadpools.threadpool_info()
    cudnn = found["torch"].backends.cudnn.version() if "torch" in found else None
    return {
        "blas in use": _told(pools, "blas"),
        "openmp in use": _told(pools, "openmp"),
        "cudnn": None if cudnn is None else str(cudnn),
    }


def _imported(name: str) -> Any:
    with suppress(ImportError, OSError):
        return import_module(name)
    return None


def _told(pools: list[Mapping[str, Any]], kind: str) -> str | None:
    told = []
    for pool in pools:
        if pool["user_api"] == kind:
            words = [pool["internal_api"], pool.get("version"), pool.get("architecture")]
            name = " ".join(str(word) for word in words if word)
            told.append(f"{name}, {pool['num_threads']} thread{'' if pool['num_threads'] == 1 else 's'}")
    return "; ".join(sorted(told)) or None
