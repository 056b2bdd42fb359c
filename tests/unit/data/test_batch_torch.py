"""Batches as a source for torch, within one process."""

import sys

import polars as pl
import pytest

from groundwork.data import BatchLoader, Dataset
from groundwork.errors import ConfigurationError

FRAME = pl.DataFrame(
    {
        "id": range(103),
        "x": [at / 2 for at in range(103)],
        "text": ["t"] * 103,
        "tokens": [[at] * (at % 5) for at in range(103)],
    }
)


def loader(**options) -> BatchLoader:
    return BatchLoader(FRAME, 10, **{"shuffle": True, **options})


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "groundwork.data._batch_torch", raising=False)

    with pytest.raises(ConfigurationError, match="not installed") as caught:
        loader().torch()

    assert "groundwork[torch]" in caught.value.hint


def test_it_gives_tensors_in_the_loaders_order():
    torch = pytest.importorskip("torch")
    batches = list(loader(pad={"tokens": -1}).torch())

    for batch, frame in zip(batches, loader(pad={"tokens": -1}), strict=True):
        assert batch["id"].tolist() == frame["id"].to_list()
        assert batch["x"].dtype == torch.float64
        assert batch["text"] == frame["text"].to_list()
        for name in ("tokens", "tokens_length", "tokens_mask"):
            assert batch[name].tolist() == frame[name].to_list()


@pytest.mark.parametrize(
    "options", [{"shuffle": False}, {"bucket_by": "tokens"}, {"drop_last": True}, {"shard": (1, 2)}]
)
def test_every_order_is_that_of_the_frames(options):
    pytest.importorskip("torch")

    assert [batch["id"].tolist() for batch in loader(**options).torch()] == [
        frame["id"].to_list() for frame in loader(**options)
    ]
    assert len(loader(**options).torch()) == len(loader(**options))


def test_epochs_and_states_reach_a_source_made_before():
    pytest.importorskip("torch")
    own = loader()
    source = own.torch()
    other = loader()
    other.set_epoch(3)
    expected = [frame["id"].to_list() for frame in other]

    own.load_state_dict({**own.state_dict(), "epoch": 3, "batch": 4})

    assert expected[4:] == [batch["id"].tolist() for batch in source]
    assert source is own.torch()


def test_tracked_batches_count_and_epochs_go_on():
    pytest.importorskip("torch")
    own, plain = loader(), loader()
    source = own.torch()

    first = [batch["id"].tolist() for batch in own.track(source)]
    for _, _ in zip(range(3), own.track(source), strict=False):
        pass

    assert first == [frame["id"].to_list() for frame in plain]
    assert (own.epoch, own.state_dict()["batch"]) == (1, 3)


def test_what_a_transform_makes_is_left_as_it_is():
    pytest.importorskip("torch")

    batches = list(loader(transform=lambda frame: frame["id"].to_numpy()).torch())

    assert [batch.tolist() for batch in batches] == [frame["id"].to_list() for frame in loader()]


def test_files_give_tensors_too(tmp_path):
    pytest.importorskip("torch")
    path = tmp_path / "rows.parquet"
    FRAME.write_parquet(path)
    options = {"shuffle": True, "buffer_rows": 40, "pad": {"tokens": 0}}

    batches = list(BatchLoader(Dataset.scan(path), 10, **options).torch())

    frames = list(BatchLoader(Dataset.scan(path), 10, **options))
    assert [batch["tokens"].tolist() for batch in batches] == [frame["tokens"].to_list() for frame in frames]
