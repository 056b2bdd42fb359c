"""What is broken at every system call: one way of ours or of a peer to replace something good by something new.

Rule: ``prepare`` puts the old thing in a folder, ``act`` is the code under test, ``look`` says what a reader finds
afterwards: ``old``, ``new``, or what else. ``go_on`` is the next start: the same job once more, and nothing may be left
over from before. The peers are used as their manuals say, and are looked at with their own readers.
"""

import functools
import importlib
import importlib.util
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol


class Scenario(Protocol):
    """One job."""

    def prepare(self, folder: Path) -> None:
        """Make the old thing."""

    def act(self, folder: Path) -> None:
        """Replace it; runs in the process that is killed."""

    def look(self, folder: Path) -> str:
        """Say what is there."""


OLD, NEW = b"old " * 50_000, b"new " * 90_000


def names(folder: Path) -> tuple[str, ...]:
    """List everything in the folder, by relative path."""
    return tuple(sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()))


class ReplacedFile:
    """``atomic_write`` over a good file."""

    def prepare(self, folder: Path) -> None:
        (folder / "file").write_bytes(OLD)

    def act(self, folder: Path) -> None:
        from groundwork.storage import atomic_write

        with atomic_write(folder / "file") as file:
            for start in range(0, len(NEW), 100_000):
                file.write(NEW[start : start + 100_000])
            file.flush()

    def look(self, folder: Path) -> str:
        content = (folder / "file").read_bytes()
        return {OLD: "old", NEW: "new"}.get(content, f"{len(content)} bytes of neither")

    def go_on(self, folder: Path) -> tuple[str, ...]:
        self.act(folder)
        return names(folder)

    tidy = ("file",)


class NewFile(ReplacedFile):
    """``atomic_write`` of a file that is not there yet, nor its folders."""

    def prepare(self, folder: Path) -> None:
        pass

    def act(self, folder: Path) -> None:
        super().act(folder / "a" / "b")

    def look(self, folder: Path) -> str:
        path = folder / "a" / "b" / "file"
        return super().look(path.parent) if path.exists() else "old"

    tidy = ("a/b/file",)


def _weights(value: float) -> dict[str, Any]:
    import numpy as np

    return {"w": np.full(20_000, value), "b": np.full((3, 5), value, np.float32)}


class ReplacedCheckpoint:
    """A checkpoint saved over one of the same step."""

    step = 1

    def store(self, folder: Path) -> Any:
        from groundwork.storage import CheckpointStore, Keep

        return CheckpointStore(folder / "store", keep=Keep(last=1))

    def prepare(self, folder: Path) -> None:
        self.store(folder).save(_weights(1.0), step=1, metrics={"auc": 0.5}, files={"notes": b"1"})

    def act(self, folder: Path) -> None:
        self.store(folder).save(_weights(2.0), step=self.step, metrics={"auc": 0.6}, files={"notes": b"2"})

    def look(self, folder: Path) -> str:
        store = self.store(folder)
        loaded = store.load()
        if wrong := {step: why for step, why in store.verify().items() if why is not None}:
            return f"damaged: {wrong}"
        values = {float(each) for array in loaded.model.values() for each in array.flat}
        values.add(float((loaded.info.path / "files" / "notes").read_bytes()))
        return {(1.0,): "old", (2.0,): "new"}.get(tuple(values), f"a mixture of {values}")

    def go_on(self, folder: Path) -> tuple[str, ...]:
        self.act(folder)
        return names(folder)

    @property
    def tidy(self) -> tuple[str, ...]:
        made = f"store/step-{self.step:08d}"
        return "store/.lock", f"{made}/files/notes", f"{made}/manifest.json", f"{made}/model.safetensors"


class AddedCheckpoint(ReplacedCheckpoint):
    """A checkpoint saved beside an older one, which the store then drops."""

    step = 2


class LoadedCheckpoint(ReplacedCheckpoint):
    """The latest checkpoint read, of two."""

    def prepare(self, folder: Path) -> None:
        from groundwork.storage import CheckpointStore

        super().prepare(folder)
        CheckpointStore(folder / "store").save(_weights(2.0), step=2, files={"notes": b"2"})

    def act(self, folder: Path) -> None:
        self.store(folder).load()


class AppendedRecord:
    """A record added to a JSONL log."""

    def prepare(self, folder: Path) -> None:
        self.append(folder, "old")

    def act(self, folder: Path) -> None:
        self.append(folder, "new")

    def append(self, folder: Path, text: str) -> None:
        from groundwork.storage import append

        append(folder / "log.jsonl", {"text": text * 20_000})

    def read(self, folder: Path) -> list[str]:
        from groundwork.storage import read

        return [record["text"][:3] for record in read(folder / "log.jsonl")]

    def look(self, folder: Path) -> str:
        found = self.read(folder)
        return {("old",): "old", ("old", "new"): "new"}.get(tuple(found), f"records {found}")

    def go_on(self, folder: Path) -> tuple[str, ...]:
        before = self.read(folder)
        self.append(folder, "next")
        assert [*before, "nex"] == self.read(folder)
        return names(folder)

    tidy = ("log.jsonl",)


class JournalRecord(AppendedRecord):
    """A record added to a journal."""

    def append(self, folder: Path, text: str) -> None:
        from groundwork.storage import FileJournal

        FileJournal(folder / "log.jsonl").append({"text": text * 20_000})

    def read(self, folder: Path) -> list[str]:
        from groundwork.storage import FileJournal

        return [record["text"][:3] for record in FileJournal(folder / "log.jsonl").records()]


class CarelessFile(ReplacedFile):
    """``atomic_write`` without its syncs."""

    def act(self, folder: Path) -> None:
        from groundwork.storage import atomic_write

        with atomic_write(folder / "file", durable=False) as file:
            file.write(NEW)


replaced_file = ReplacedFile()
careless_file = CarelessFile()
new_file = NewFile()
replaced_checkpoint = ReplacedCheckpoint()
added_checkpoint = AddedCheckpoint()
loaded_checkpoint = LoadedCheckpoint()
appended_record = AppendedRecord()
journal_record = JournalRecord()


class Peer:
    """A library's own way to write one file, over a good one.

    Args:
        file: The file's name.
        module: What must be installed.
        write: Writes the value to the path.
        read: Reads it back.
        value: Makes a value from 1.0 or 2.0.
        number: Finds the number in what was read; raises if the value is not whole.
        threaded: Whether it has threads, which a fork would not have.
    """

    def __init__(
        self,
        file: str,
        module: str,
        write: Callable[[Any, str], object],
        read: Callable[[str], Any],
        value: Callable[[float], Any],
        number: Callable[[Any], float],
        *,
        threaded: bool = False,
    ) -> None:
        self.file, self.module, self.threaded = file, module, threaded
        self._write, self._read, self._number = write, read, number
        self._value = functools.cache(value)  # a fork must not compute: threads of libraries do not survive it

    def installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    def prepare(self, folder: Path) -> None:
        self._write(self._value(1.0), str(folder / self.file))

    def act(self, folder: Path) -> None:
        self._write(self._value(2.0), str(folder / self.file))

    def look(self, folder: Path) -> str:
        try:
            number = self._number(self._read(str(folder / self.file)))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return {1.0: "old", 2.0: "new"}.get(number, f"{number} of neither")


def _lazily(module: str, name: str) -> Callable[..., Any]:
    """Import when called: a table of peers must not load them all."""

    def call(*arguments: Any, **options: Any) -> Any:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found(*arguments, **options)

    return call


def _in_file(mode: str, action: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        with open(arguments[-1], mode, encoding=None if "b" in mode else "utf-8") as file:
            return action(*arguments[:-1], file)

    return call


def _only(arrays: Any) -> float:
    (found,) = {float(each) for name in ("w", "b") for each in arrays[name].flat}
    return found


def _table(module: str) -> Callable[[float], Any]:
    return lambda value: importlib.import_module(module).DataFrame({"x": [value] * 50_000})


def _of_column(table: Any) -> float:
    column = table["x"]
    assert len(column) == 50_000
    (found,) = set(column)
    return float(found)


def _of_list(values: Any) -> float:
    assert len(values) == 20_000
    (found,) = set(values)
    return float(found)


def _estimator(value: float) -> Any:
    found = importlib.import_module("sklearn.linear_model").LinearRegression()
    found.coef_ = _weights(value)["w"]
    return found


PEERS = {
    "skops": Peer(
        "f.skops",
        "skops",
        _lazily("skops.io", "dump"),
        _lazily("skops.io", "load"),
        _estimator,
        lambda estimator: _only({"w": estimator.coef_, "b": estimator.coef_}),
        threaded=True,
    ),
    "polars parquet": Peer(
        "f.parquet",
        "polars",
        lambda frame, path: frame.write_parquet(path),
        _lazily("polars", "read_parquet"),
        _table("polars"),
        _of_column,
        threaded=True,
    ),
    "polars csv": Peer(
        "f.csv",
        "polars",
        lambda frame, path: frame.write_csv(path),
        _lazily("polars", "read_csv"),
        _table("polars"),
        _of_column,
        threaded=True,
    ),
    "pyarrow parquet": Peer(
        "f.parquet",
        "pyarrow",
        _lazily("pyarrow.parquet", "write_table"),
        lambda path: importlib.import_module("pyarrow.parquet").read_table(path)["x"].to_pylist(),
        lambda value: importlib.import_module("pyarrow").table({"x": [value] * 50_000}),
        lambda column: _of_column({"x": column}),
        threaded=True,
    ),
    "safetensors": Peer(
        "f.safetensors",
        "safetensors",
        _lazily("safetensors.numpy", "save_file"),
        _lazily("safetensors.numpy", "load_file"),
        _weights,
        _only,
    ),
    "joblib": Peer("f.joblib", "joblib", _lazily("joblib", "dump"), _lazily("joblib", "load"), _weights, _only),
    "pickle": Peer("f.pickle", "pickle", _in_file("wb", pickle.dump), _in_file("rb", pickle.load), _weights, _only),
    "numpy savez": Peer(
        "f.npz",
        "numpy",
        lambda arrays, path: _lazily("numpy", "savez")(path, **arrays),
        _lazily("numpy", "load"),
        _weights,
        _only,
    ),
    "torch": Peer("f.pt", "torch", _lazily("torch", "save"), _lazily("torch", "load"), _weights, _only, threaded=True),
    "json": Peer(
        "f.json",
        "json",
        _in_file("w", json.dump),
        _in_file("r", json.load),
        lambda value: [value] * 20_000,
        _of_list,
    ),
    "pandas csv": Peer(
        "f.csv",
        "pandas",
        lambda frame, path: frame.to_csv(path, index=False),
        _lazily("pandas", "read_csv"),
        _table("pandas"),
        _of_column,
        threaded=True,
    ),
}
joblib_dump, pickle_dump = PEERS["joblib"], PEERS["pickle"]
"""The control: a harness that finds nothing torn here would find nothing anywhere."""
