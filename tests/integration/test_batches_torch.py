"""Batches through torch's worker processes: the loader's own order, resumed exactly."""

import json

import polars as pl
import pytest

from groundwork.data import BatchLoader

torch = pytest.importorskip("torch", reason="the extra torch is not installed")
data = pytest.importorskip("torch.utils.data")

pytestmark = [
    pytest.mark.integration,
    # torch warns of more workers than cores.
    pytest.mark.filterwarnings("ignore:This DataLoader will create:UserWarning"),
]

FRAME = pl.DataFrame({"id": range(103), "tokens": [[at] * (at % 5) for at in range(103)]})


def loader(**options) -> BatchLoader:
    return BatchLoader(FRAME, 10, **{"shuffle": True, "pad": {"tokens": 0}, **options})


def ids_of(frame: pl.DataFrame) -> list[int]:
    return frame["id"].to_list()


def expected(epoch: int) -> list[list[int]]:
    own = loader()
    own.set_epoch(epoch)
    return [ids_of(frame) for frame in own]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_the_order_does_not_depend_on_worker_processes(workers):
    own = loader()
    batches = data.DataLoader(own.torch(), batch_size=None, num_workers=workers)

    epochs = [[batch["id"].tolist() for batch in own.track(batches)] for _ in range(2)]

    assert [expected(0), expected(1)] == epochs


def test_workers_that_persist_learn_of_the_epoch_and_of_a_loaded_state():
    own = loader()
    batches = data.DataLoader(own.torch(), batch_size=None, num_workers=2, persistent_workers=True)

    first = [batch["id"].tolist() for batch in batches]
    own.set_epoch(5)
    fifth = [batch["id"].tolist() for batch in batches]
    own.load_state_dict({**own.state_dict(), "epoch": 2, "batch": 7})
    rest = [batch["id"].tolist() for batch in batches]

    assert [expected(0), expected(5), expected(2)[7:]] == [first, fifth, rest]


@pytest.mark.parametrize(("before", "after"), [(2, 0), (0, 2), (3, 1)])
def test_a_state_goes_on_with_another_number_of_workers(before, after):
    own = loader()
    delivered = []
    for batch in own.track(data.DataLoader(own.torch(), batch_size=None, num_workers=before)):
        delivered.append(batch["id"].tolist())
        if len(delivered) == 4:
            break

    resumed = loader()
    resumed.load_state_dict(json.loads(json.dumps(own.state_dict())))
    batches = data.DataLoader(resumed.torch(), batch_size=None, num_workers=after)
    delivered += [batch["id"].tolist() for batch in resumed.track(batches)]

    assert expected(0) == delivered
    assert resumed.epoch == 1


def test_a_forked_worker_that_would_need_polars_says_so():
    batches = data.DataLoader(
        loader(transform=ids_of).torch(), batch_size=None, num_workers=1, multiprocessing_context="fork"
    )

    with pytest.raises(Exception, match="this worker was forked"):
        list(batches)


@pytest.mark.parametrize("transform", [None, ids_of])
def test_spawned_workers_may_use_polars(transform):
    batches = data.DataLoader(
        loader(transform=transform).torch(), batch_size=None, num_workers=2, multiprocessing_context="spawn"
    )

    found = [batch if transform else batch["id"].tolist() for batch in batches]

    assert expected(0) == found
