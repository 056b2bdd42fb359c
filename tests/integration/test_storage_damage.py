"""Damaged files: what is loaded is what was saved, or it is an error; never something else without a word."""

import random
import shutil
import warnings
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from groundwork.errors import CheckpointCorrupt, MLException
from groundwork.storage import CheckpointSkippedWarning, CheckpointStore, load_checkpoint, read, write

pytestmark = pytest.mark.integration

PAGE = 4096
FLIPS = 1000


def arrays(value: float) -> dict[str, np.ndarray]:
    return {"w": np.random.default_rng(int(value)).normal(size=(100, 90)), "b": np.full(300, value, np.float32)}


def estimator(value: float) -> LogisticRegression:
    rng = np.random.default_rng(int(value))
    x = rng.normal(size=(60, 400))
    return LogisticRegression().fit(x, x[:, 0] > 0)


def numbers(model: object) -> list[bytes]:
    """Whatever the model could predict with, bit by bit."""
    if isinstance(model, dict):
        return [each.dtype.str.encode() + np.ascontiguousarray(each).tobytes() for _, each in sorted(model.items())]
    return [np.asarray(getattr(model, name)).tobytes() for name in ("coef_", "intercept_", "classes_", "n_iter_")]


@pytest.fixture(scope="module", params=[arrays, estimator], ids=["arrays", "estimator"])
def original(request, tmp_path_factory):
    store = CheckpointStore(tmp_path_factory.mktemp("original"))
    for step in (1, 2):
        store.save(
            request.param(step),
            step=step,
            metrics={"auc": step / 10},
            metadata={"text": "é" * 3000},
            files={"table.csv": b"a,b\n1,2\n" * 2000},
        )
    return store.root


@pytest.fixture
def root(original, tmp_path):
    return Path(shutil.copytree(original, tmp_path / "store"))


@pytest.fixture
def folder(root):
    return root / "step-00000002"


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def loaded(folder: Path) -> tuple[object, ...]:
    """Everything that a user sees of a checkpoint."""
    found = load_checkpoint(folder)
    files = {name: (folder / "files" / name).read_bytes() for name in found.info.files}
    return numbers(found.model), dict(found.info.metrics), dict(found.info.metadata), found.info.step, files


def outcome(folder: Path, whole: tuple[object, ...]) -> str:
    try:
        return "the original" if loaded(folder) == whole else "SOMETHING ELSE"
    except MLException as error:
        return type(error).__name__ if str(folder) in error.message else "AN ERROR THAT NAMES NO FILE"


def cuts(size: int) -> range:
    return range(0, size, PAGE)


def test_a_checkpoint_truncated_at_any_page_is_never_loaded(folder):
    whole = loaded(folder)
    not_corrupt = []

    for path, content in contents(folder).items():
        for size in [*cuts(len(content)), len(content) - 1]:
            path.write_bytes(content[:size])
            if (found := outcome(folder, whole)) != "CheckpointCorrupt":
                not_corrupt.append((path.name, len(content) - size, found))
        path.write_bytes(content)

    # The manifest ends with a line feed that means nothing.
    assert not_corrupt == [("manifest.json", 1, "the original")]


def test_a_checkpoint_with_a_file_that_grew_or_is_gone_is_never_loaded(folder):
    outcomes = []

    for path, content in contents(folder).items():
        path.write_bytes(content + b"\0" * PAGE)
        outcomes.append(outcome(folder, ()))
        path.unlink()
        outcomes.append(outcome(folder, ()))
        path.write_bytes(content)

    assert set(outcomes) == {"CheckpointCorrupt"}
    assert outcome(folder, loaded(folder)) == "the original"


def test_a_thousand_flipped_bits_of_a_checkpoint_are_never_loaded_as_something_else(folder):
    whole = loaded(folder)
    files = contents(folder)
    rng = random.Random(20)
    counts: dict[str, int] = {}

    for number in range(FLIPS):
        # Half of them anywhere in the bytes, half of them fairly among the files: the small manifest counts too.
        weights = [len(content) for content in files.values()] if number % 2 else None
        path = rng.choices(list(files), weights)[0]
        damaged = bytearray(files[path])
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        found = outcome(folder, whole)
        counts[found] = counts.get(found, 0) + 1
        path.write_bytes(files[path])

    assert "SOMETHING ELSE" not in counts
    # White space of the manifest may differ and mean the same; everything else is found.
    assert counts["CheckpointCorrupt"] >= 0.95 * FLIPS, counts


def test_bytes_swapped_between_two_checkpoints_are_never_loaded(root):
    one, two = root / "step-00000001", root / "step-00000002"
    mine, others = contents(two), contents(one)
    outcomes = []

    for path in mine:
        path.write_bytes(others[one / path.relative_to(two)])
        outcomes.append((path.name, outcome(two, loaded(one))))
        path.write_bytes(mine[path])

    # The attachment is the same in both; swapping it changes nothing.
    assert {(path.name, "CheckpointCorrupt") for path in mine if path.name != "table.csv"} < set(outcomes)


def test_latest_passes_over_any_damage_to_the_one_before_with_a_warning(root, folder):
    files = contents(folder)
    rng = random.Random(3)
    seen = []

    for path, content in files.items():
        for size in (0, rng.randrange(len(content)), len(content) - 2):
            path.write_bytes(content[:size])
            with pytest.warns(CheckpointSkippedWarning, match="step 2 is passed over"):
                seen.append(CheckpointStore(root).load().info.step)
            (aside,) = root.glob("corrupt-*")
            aside.rename(folder)
            path.write_bytes(content)

    assert seen == [1] * 3 * len(files)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert CheckpointStore(root).load().info.step == 2


def test_a_store_whose_every_checkpoint_is_damaged_says_so(root):
    for path in root.glob("step-*/model.*"):
        path.write_bytes(path.read_bytes()[:-1])

    with pytest.warns(CheckpointSkippedWarning), pytest.raises(CheckpointCorrupt, match="no checkpoint verifies"):
        CheckpointStore(root).load()


ROWS = [{"name": f"row {number}", "value": number / 7} for number in range(3000)]
TABLE = pl.DataFrame(ROWS)
BIG = np.random.default_rng(0).normal(size=5000)
VALUES = {
    "json": ROWS,
    "jsonl": ROWS,
    "yaml": {"rows": ROWS[:500]},
    "toml": {"rows": ROWS[:500]},
    "csv": TABLE,
    "parquet": TABLE,
    "npy": BIG,
    "npz": {"a": BIG, "b": BIG[:7]},
    "safetensors": {"a": BIG, "b": BIG[:7]},
}
# YAML, TOML and CSV do not say where they end: a part of such a file may be a good file. In a packed one it is not.
SAYS_ITS_END = [name for name in VALUES if name not in ("yaml", "toml", "csv", "jsonl")]
FILES = [*SAYS_ITS_END, *(f"{name}.{packed}" for name in VALUES for packed in ("gz", "zst"))]


@pytest.mark.parametrize("suffix", FILES)
def test_a_truncated_file_is_an_error_that_names_it(tmp_path, suffix):
    path = tmp_path / f"file.{suffix}"
    write(path, VALUES[suffix.split(".")[0]])
    content = path.read_bytes()
    silent = []

    for size in [*cuts(len(content)), len(content) // 2, len(content) - 1]:
        path.write_bytes(content[:size])
        try:
            read(path)
            silent.append(size)
        except MLException as error:
            if path.name not in error.message:
                silent.append(size)

    # JSON ends with a line feed that means nothing.
    assert silent == ([len(content) - 1] if suffix == "json" else [])


def test_a_jsonl_file_cut_in_mid_line_is_an_error_and_cut_between_lines_a_part(tmp_path):
    path = tmp_path / "file.jsonl"
    write(path, ROWS)
    content = path.read_bytes()

    for size in range(1, 400):
        path.write_bytes(content[:size])
        lines = content[: size + 1].count(b"\n")
        if content[size - 1 : size] == b"\n" or content[size : size + 1] == b"\n":
            assert ROWS[:lines] == read(path)
        else:
            with pytest.raises(MLException, match=f"line {lines + 1}"):
                read(path)
