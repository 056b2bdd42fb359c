"""The values that the contracts of the formats and of the checkpoints store, and how they are compared."""

import gzip
import io
import json
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._refusals import expect_chosen

RECORD = {"run": "naïve π", "epochs": 3, "losses": [0.5, 0.25, 1e-7], "best": None, "ok": True, "notes": "a\nb" * 9000}


def arrays(lab: Lab, size: int = 2000) -> dict[str, Any]:
    """Make a model's arrays: those that a careless format loses something of."""
    import numpy as np

    chance = np.random.default_rng(lab.seed)
    return {
        "layer.0/weight": chance.normal(size=(size // 4, 4)).astype(np.float32).T,
        "bias": chance.normal(size=size),
        "steps": np.array(7, dtype=np.int64),
        "mask": np.array([True, False]),
        "nothing": np.empty((0, 3), dtype=np.int8),
        "file": np.arange(size, dtype=np.uint16),
    }


def expect_arrays(found: Any, expected: Mapping[str, Any], where: str) -> None:
    """Break the contract unless these are the same arrays under the same names."""
    import numpy as np

    if not isinstance(found, Mapping) or sorted(found) != sorted(expected):
        names = ", ".join(sorted(map(str, found))) if isinstance(found, Mapping) else type(found).__name__
        raise ContractBroken(f"{names} came back {where}; expected the arrays {', '.join(sorted(expected))}")
    for name, array in expected.items():
        back = found[name]
        kind, shape = getattr(back, "dtype", type(back).__name__), getattr(back, "shape", ())
        if (kind, shape) != (array.dtype, array.shape):
            was = f"{array.dtype} {array.shape}"
            raise ContractBroken(f"{name!r} came back {where} as {kind} {shape}; expected {was}")
        if not np.array_equal(back, array):
            raise ContractBroken(f"{name!r} came back {where} with other values; expected those that were stored")


def same_arrays(found: Any, expected: Mapping[str, Any]) -> bool:
    """Say whether ``expect_arrays`` holds."""
    try:
        expect_arrays(found, expected, "")
    except ContractBroken:
        return False
    return True


def expect_refusal(act: Callable[[], Any], named: str, what: str, *, also: tuple[type[Exception], ...] = ()) -> str:
    """Break the contract unless this raises an error, which names this text; give its sentence back."""
    try:
        value = act()
        if isinstance(value, Iterator):
            value = list(value)
    except Exception as error:
        expect_chosen(error, what, also=also)
        if named not in (sentence := str(error)):
            raise ContractBroken(
                f"{what} raised {type(error).__name__}: {sentence[:80]!r}; expected an error that says {named}"
            ) from error
        return sentence
    outcome = "was accepted" if value is None else f"gave {str(value)[:60]!r}"
    raise ContractBroken(f"{what} {outcome}; expected an error")


def object_array() -> Any:
    """Make an array that only pickle can store."""
    import numpy as np

    return np.array([{"a": 1}, None], dtype=object)


class _Payload:
    """What a pickle may hold: a call of its maker's choice. This one does no harm."""

    def __reduce__(self) -> Any:
        return len, ("executed",)


@contextmanager
def years_later(years: int) -> Iterator[None]:
    """Let the wall clock stand in the future while the block runs."""
    real, then = time.time, time.time() + years * 31_557_600
    time.time = lambda: then
    try:
        yield
    finally:
        time.time = real


def pickled_under(suffix: str, folder: Path) -> Iterator[Path]:
    """Make pickles that look like a file of this suffix."""
    import numpy as np

    contents = [pickle.dumps({"model": _Payload()})]
    if ".np" in suffix:
        buffer = io.BytesIO()
        evil = np.array([_Payload()], dtype=object)
        if ".npy" in suffix:
            np.save(buffer, evil, allow_pickle=True)
        else:
            np.savez(buffer, evil=evil)
        contents.append(buffer.getvalue())
    for nth, content in enumerate(contents):
        path = folder / f"hostile-{nth}{suffix}"
        path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
        yield path


def values_before(folder: Path) -> None:
    """Put old values into a folder, as they are before each kill."""
    (folder / "result.json").write_text(json.dumps({"old": True}), encoding="utf-8")
    (folder / "result.json.gz").write_bytes(gzip.compress(json.dumps({"old": True}).encode()))


def save_values(subject: Any, folder: Path) -> None:
    """The scene of the kills: new values replace the old ones."""
    for name in ("result.json", "result.json.gz"):
        subject.write(folder / name, RECORD)
