"""Models that only pickle can hold, by name and by choice.

Rule: a pickle is a program. It is written only where ``format="joblib"`` or ``"pickle"`` asks for it, and run only
with ``trust=True``; nothing falls back to it. Cost: the bytes of a trusted model are in memory beside it meanwhile.
"""

import io
import pickle
from typing import Any

from groundwork.errors import UnsafeCheckpoint, UsageError

PICKLED = ("joblib", "pickle")


def dump(model: Any, file: Any, how: str) -> None:
    """Pickle a model.

    Args:
        model: Any object that can be pickled.
        file: Has ``write`` and ``tell``.
        how: ``"joblib"`` or ``"pickle"``.

    Raises:
        UsageError: It cannot be pickled.
        OSError: The file refused.
    """
    try:
        if how == "joblib":
            import joblib

            joblib.dump(model, file)
        else:
            pickle.Pickler(file, protocol=5).dump(model)
    except (MemoryError, OSError):
        raise
    except Exception as error:  # the object's own methods run, and raise whatever they like
        raise UsageError(
            f"{how} cannot store this {type(model).__name__}: {error}", hint="leave out what cannot be pickled"
        ) from error


def load(data: memoryview, how: str) -> Any:
    """Run a pickle that is trusted.

    Args:
        data: Its bytes, verified.
        how: ``"joblib"`` or ``"pickle"``.

    Returns:
        The model.
    """
    if how == "joblib":
        import joblib

        return joblib.load(io.BytesIO(data))
    return pickle.loads(data)  # noqa: S301 - the caller has vouched for it


def require_trust(source: str, how: str, *, trust: bool) -> None:
    """Refuse a pickle before a byte of it runs.

    Args:
        source: The file, for the message.
        how: ``"joblib"`` or ``"pickle"``.
        trust: Whether the caller vouches for the file's maker.

    Raises:
        UnsafeCheckpoint: The caller does not.
    """
    if not trust:
        raise UnsafeCheckpoint(
            f"{source}: it was saved with {how}, so loading it would run whatever program its maker put in",
            hint="if you know who made this file, load it with trust=True; save without format= to avoid this",
            context={"file": source, "types": [how]},
        )
