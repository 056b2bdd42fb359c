"""Batches: every row once, in an order of seed and epoch alone, resumed exactly."""

import json
import threading

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import BatchLoader, Column, Dataset, Schema
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError

ORDERS = {
    "table": {},
    "shuffled": {"shuffle": True},
    "stratified": {"stratify": "class", "shuffle": True},
    "weighted": {"weights": "weight"},
    "bucketed": {"bucket_by": "length", "shuffle": True},
}


def table(rows: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": range(rows),
            "class": [("a", "b", None)[at % 3] for at in range(rows)],
            "weight": [float(at % 4) + 1 for at in range(rows)],
            "length": [at * 7 % 11 for at in range(rows)],
        },
        schema={"id": pl.Int64, "class": pl.String, "weight": pl.Float64, "length": pl.Int64},
    )


def ids(batches) -> list[list[int]]:
    return [batch["id"].to_list() for batch in batches]


def same(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


@settings(deadline=None, max_examples=50)
@given(
    st.integers(0, 200),
    st.integers(1, 50),
    st.sampled_from([name for name in ORDERS if name != "weighted"]),
    st.booleans(),
    st.integers(0, 3),
)
def test_every_row_comes_once_an_epoch(rows, size, order, drop_last, epoch):
    loader = BatchLoader(table(rows), size, drop_last=drop_last, seed=3, **ORDERS[order])
    loader.set_epoch(epoch)

    batches = ids(loader)

    delivered = [row for batch in batches for row in batch]
    assert len(loader) == len(batches)
    assert len(set(delivered)) == len(delivered)
    assert len(delivered) == (rows // size * size if drop_last else rows)
    assert all(len(batch) == size for batch in batches[:-1])


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(sorted(ORDERS)), st.integers(0, 3), st.integers(0, 5), st.sampled_from([None, same]))
def test_the_order_does_not_depend_on_workers_or_prefetching(order, workers, prefetch, transform):
    frame = table(97)
    expected = ids(BatchLoader(frame, 5, seed=1, prefetch=0, **ORDERS[order]))

    loader = BatchLoader(frame, 5, seed=1, workers=workers, prefetch=prefetch, transform=transform, **ORDERS[order])

    assert expected == ids(loader)


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(sorted(ORDERS)),
    st.integers(0, 2),
    st.integers(0, 20),
    st.integers(0, 2),
    st.sampled_from([None, same]),
)
def test_resumed_at_any_batch_is_the_uninterrupted_sequence(order, epoch, at, workers, transform):
    frame = table(97)
    whole = BatchLoader(frame, 5, **ORDERS[order])
    expected = [ids(whole) for _ in range(4)]
    stopped = BatchLoader(frame, 5, **ORDERS[order])
    stopped.set_epoch(epoch)
    before = [batch for _, batch in zip(range(at), stopped, strict=False)]

    state = json.loads(json.dumps(stopped.state_dict()))
    resumed = BatchLoader(frame, 5, workers=workers, prefetch=3, transform=transform, **ORDERS[order])
    resumed.load_state_dict(state)
    after = list(resumed)

    assert expected[epoch] == ids(before) + ids(after)
    assert expected[epoch + 1] == ids(resumed)


def test_epochs_go_on_by_themselves_and_differ():
    loader = BatchLoader(table(50), 10, shuffle=True)

    first, second = ids(loader), ids(loader)

    assert first != second
    assert loader.epoch == 2
    loader.set_epoch(0)
    assert first == ids(loader)


def test_breaking_off_does_not_end_the_epoch():
    loader = BatchLoader(table(50), 10, shuffle=True)
    expected = ids(BatchLoader(table(50), 10, shuffle=True))

    first = next(iter(loader))

    assert expected[0] == first["id"].to_list()
    assert loader.epoch == 0
    assert expected == ids(loader)


def test_a_state_counts_what_was_delivered_not_what_was_made():
    made = []
    loader = BatchLoader(table(50), 5, prefetch=4, transform=lambda frame: made.append(1))

    for number, _ in enumerate(loader, 1):
        if number == 3:
            break

    assert loader.state_dict()["batch"] == 3
    assert len(made) > 3


def test_an_older_iteration_leaves_the_state_alone():
    loader = BatchLoader(table(50), 10)
    older = iter(loader)
    next(older)
    newer = iter(loader)
    next(newer)

    list(older)

    assert (loader.epoch, loader.state_dict()["batch"]) == (0, 1)


def test_choosing_the_epoch_of_a_loaded_state_keeps_its_place():
    frame = table(50)
    loader = BatchLoader(frame, 10)
    next(iter(loader))
    state = loader.state_dict()

    resumed = BatchLoader(frame, 10)
    resumed.load_state_dict(state)
    resumed.set_epoch(0)
    assert len(ids(resumed)) == 4

    resumed.load_state_dict(state)
    resumed.set_epoch(1)
    assert len(ids(resumed)) == 5


def test_a_state_taken_after_the_last_batch_leaves_nothing_of_its_epoch():
    loader = BatchLoader(table(50), 10)
    batches = iter(loader)
    for _ in range(5):
        next(batches)

    resumed = BatchLoader(table(50), 10)
    resumed.load_state_dict(loader.state_dict())

    assert ids(resumed) == []
    assert resumed.epoch == 1
    assert len(ids(resumed)) == 5


def test_a_state_of_ten_million_rows_is_small():
    frame = pl.select(pl.int_range(10_000_000, dtype=pl.Int32).alias("x" * 5000))
    loader = BatchLoader(frame, 32, bucket_by="x" * 5000)

    assert len(json.dumps(loader.state_dict()).encode()) <= 4096


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batch_size": 20}, "batch_size 10, this loader has 20"),
        ({"seed": 9}, "seed 0, this loader has 9"),
        ({"shuffle": False}, "order 'shuffled', this loader has 'as in the table'"),
        ({"drop_last": True}, "drop_last False, this loader has True"),
        ({"shard": (0, 2)}, r"shard \[0, 1\], this loader has \[0, 2\]"),
        ({"dataset": table(51)}, "rows 50, this loader has 51"),
        ({"dataset": table(50).reverse()}, "table of digest '"),
    ],
)
def test_a_state_of_another_loader_is_refused_in_words(change, words):
    settings_ = {"dataset": table(50), "batch_size": 10, "shuffle": True}
    state = BatchLoader(**settings_).state_dict()
    other = BatchLoader(**{**settings_, **change})
    before = other.state_dict()

    with pytest.raises(ConfigurationError, match=words):
        other.load_state_dict(state)

    assert before == other.state_dict()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format 2; this version reads 1"),
        ({"batch": 6}, "batch 6; an epoch has 5 batches"),
        ({"batch": -1}, "batch -1"),
        ({"epoch": True}, "epoch True"),
    ],
)
def test_a_state_that_cannot_be_is_refused(change, words):
    loader = BatchLoader(table(50), 10)

    with pytest.raises(ConfigurationError, match=words):
        loader.load_state_dict({**loader.state_dict(), **change})


@pytest.mark.parametrize("state", [{}, {"epoch": 1}, {"epoch": 0, "batch": 1, "rows": 50}, [1]])
def test_what_is_no_state_is_refused(state):
    with pytest.raises(ConfigurationError, match="no state of a BatchLoader"):
        BatchLoader(table(50), 10).load_state_dict(state)


def test_a_state_without_its_place_is_refused():
    loader = BatchLoader(table(50), 10)
    state = loader.state_dict()
    del state["batch"]

    with pytest.raises(ConfigurationError, match="no state of a BatchLoader"):
        loader.load_state_dict(state)


def test_a_transform_that_fails_names_its_batch_after_those_before_were_delivered():
    def transform(frame):
        if 20 in frame["id"]:
            raise ValueError("no 20")
        return frame["id"].to_list()

    loader = BatchLoader(table(50), 5, transform=transform, workers=2)
    delivered = []

    with pytest.raises(ValueError, match="no 20") as caught:
        delivered.extend(loader)

    assert len(delivered) == 4
    assert loader.state_dict()["batch"] == 4
    assert ["while making batch 4 of epoch 0 (both counted from 0)"] == caught.value.__notes__


def batch_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("groundwork-ahead")]


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("transform", [None, same])
def test_no_thread_outlives_a_loop_that_breaks(workers, transform):
    for _ in BatchLoader(table(40_000), 100, workers=workers, transform=transform):
        assert batch_threads()
        break

    assert [] == batch_threads()


def test_no_thread_outlives_a_loop_that_fails():
    batches = iter(BatchLoader(table(40_000), 100))
    next(batches)

    with pytest.raises(KeyboardInterrupt):
        batches.throw(KeyboardInterrupt)

    assert [] == batch_threads()


def test_nothing_prefetched_needs_no_thread():
    seen = [batch_threads() for _ in BatchLoader(table(40_000), 100, prefetch=0)]

    assert [[]] * 400 == seen


def test_no_more_is_made_ahead_than_asked_for():
    made = []
    batches = iter(BatchLoader(table(100), 5, prefetch=2, transform=lambda frame: made.append(1)))

    for _ in range(4):
        next(batches)
    batches.close()

    assert 4 <= len(made) <= 4 + 2


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 120), st.integers(1, 4), st.booleans(), st.sampled_from(["table", "shuffled", "stratified"]))
def test_shards_together_are_the_epoch(rows, world, drop_last, order):
    frame = table(rows)
    whole = ids(BatchLoader(frame, 7, drop_last=drop_last, **ORDERS[order]))

    shards = [
        ids(BatchLoader(frame, 7, drop_last=drop_last, shard=(rank, world), **ORDERS[order])) for rank in range(world)
    ]

    if drop_last:
        whole = whole[: len(whole) // world * world]
        assert len({len(shard) for shard in shards}) == 1
    assert whole == [shards[at % world][at // world] for at in range(len(whole))]
    assert sum(map(len, shards)) == len(whole)


def test_stratified_classes_may_be_of_any_plain_type():
    frame = pl.DataFrame({"id": range(40), "class": [True, False, False, False] * 10})

    batches = list(BatchLoader(frame, 8, stratify="class", shuffle=True))

    assert [2] * 5 == [batch["class"].sum() for batch in batches]


@pytest.mark.parametrize("column", ["words", "lists", "length"])
def test_lengths_are_numbers_lists_or_texts(column):
    frame = pl.DataFrame({"length": [3, 1, 2, 0]}).with_columns(
        words=pl.Series(["aaa", "b", "cc", None]), lists=pl.Series([[1] * 3, [1], [1, 1], None])
    )

    batches = list(BatchLoader(frame, 2, bucket_by=column))

    assert [[0, 1], [2, 3]] == [batch["length"].to_list() for batch in batches]


def test_weights_change_how_often_a_row_comes():
    frame = pl.DataFrame({"id": range(1000), "weight": [0, 1] * 500})

    drawn = [row for batch in ids(BatchLoader(frame, 100, weights="weight")) for row in batch]

    assert len(drawn) == 1000
    assert all(row % 2 for row in drawn)


@pytest.mark.parametrize(
    ("frame", "arguments", "error", "words"),
    [
        (table(9), {"batch_size": 0}, ConfigurationError, "batch_size 0 is no whole number from 1"),
        (table(9), {"batch_size": True}, ConfigurationError, "batch_size True"),
        (table(9), {"batch_size": 2.0}, ConfigurationError, "batch_size 2.0"),
        (table(9), {"seed": -1}, ConfigurationError, "seed -1"),
        (table(9), {"workers": -1}, ConfigurationError, "workers -1"),
        (table(9), {"prefetch": None}, ConfigurationError, "prefetch None"),
        (table(9), {"shard": (2, 2)}, ConfigurationError, "shard 2 of 2 does not exist"),
        (table(9), {"stratify": "class", "weights": "weight"}, ConfigurationError, "stratify and weights"),
        (table(9), {"stratify": "colour"}, InvalidDataError, "colour"),
        (table(9), {"weights": "class"}, ConfigurationError, "class of String holds no weights"),
        (table(9), {"bucket_by": "weight"}, ConfigurationError, "weight of Float64 holds no lengths"),
        (table(9), {"buffer_rows": 5}, ConfigurationError, "Dataset of Parquet files"),
        (pl.DataFrame({"w": [1.0, None]}), {"weights": "w"}, InvalidDataError, r"weight None of w \(row 2\)"),
        (pl.DataFrame({"w": [1.0, -2.0]}), {"weights": "w"}, InvalidDataError, r"weight -2.0 of w \(row 2\)"),
        (pl.DataFrame({"w": [0.0, 0.0]}), {"weights": "w"}, InvalidDataError, "sum up to 0.0"),
        (pl.DataFrame({"c": [[1], [2]]}), {"stratify": "c"}, ConfigurationError, "holds no classes"),
        (7, {}, UsageError, "int"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(frame, arguments, error, words):
    with pytest.raises(error, match=words):
        BatchLoader(frame, **{"batch_size": 3, **arguments})


def test_an_epoch_that_is_none_is_refused():
    with pytest.raises(ConfigurationError, match="epoch -1"):
        BatchLoader(table(9), 3).set_epoch(-1)


def test_a_dataset_is_validated_when_it_is_read():
    dataset = Dataset.scan(table(9), schema=Schema(columns={"id": Column(dtype="Int64", max=5)}))

    with pytest.raises(InvalidDataError, match="id"):
        BatchLoader(dataset, 3)


def test_neither_the_table_nor_global_state_is_touched():
    frame = table(50)
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)

    list(BatchLoader(frame, 5, shuffle=True, transform=lambda batch: batch.with_columns(id=0)))

    assert frame.equals(table(50))
    assert expected == np.random.rand()


@pytest.mark.parametrize("weights", [None, "weight"])
def test_a_table_without_rows_has_no_batches(weights):
    loader = BatchLoader(table(0), 5, shuffle=True, weights=weights)

    assert [] == list(loader)
    assert len(loader) == 0
    assert loader.epoch == 1


def test_wide_rows_make_small_blocks():
    frame = pl.DataFrame({"x": ["a" * 200_000] * 200, "id": range(200)})

    batches = ids(BatchLoader(frame, 3, shuffle=True))

    assert sorted(row for batch in batches for row in batch) == list(range(200))


def test_who_writes_into_the_table_afterwards_changes_no_batch():
    frame = table(50)
    loader = BatchLoader(frame, 10)

    frame[0, "id"] = 999
    frame.insert_column(0, pl.Series("new", range(50)))

    assert table(50).equals(pl.concat(loader))


@pytest.mark.parametrize("shard", [3, (1,), "01", None])
def test_a_shard_that_is_no_pair_is_refused(shard):
    with pytest.raises(ConfigurationError, match="is not a trainer of so many"):
        BatchLoader(pl.DataFrame({"a": [1, 2]}), 1, shard=shard)
