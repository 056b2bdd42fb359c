"""Batches of files larger than memory: every row once, mixed as far as is said."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import BatchLoader, Column, Dataset, Schema
from groundwork.errors import ConfigurationError, InvalidDataError, StorageError

ROWS = 1003


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pl.DataFrame({"id": range(ROWS)}).write_parquet(path, row_group_size=150)
    return path


def ids(batches) -> list[list[int]]:
    return [batch["id"].to_list() for batch in batches]


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 2000), st.integers(1, 300), st.booleans(), st.integers(0, 2))
def test_every_row_comes_once(path, buffer_rows, size, shuffle, epoch):
    loader = BatchLoader(Dataset.scan(path), size, shuffle=shuffle, buffer_rows=buffer_rows)
    loader.set_epoch(epoch)

    batches = ids(loader)

    delivered = [row for batch in batches for row in batch]
    assert sorted(delivered) == list(range(ROWS))
    assert (delivered == list(range(ROWS))) == (not shuffle) or buffer_rows == 1 or size == 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 40), st.integers(0, 3))
def test_resumed_at_any_batch_is_the_uninterrupted_sequence(path, at, workers):
    expected = ids(BatchLoader(Dataset.scan(path), 25, shuffle=True, buffer_rows=200))
    stopped = BatchLoader(Dataset.scan(path), 25, shuffle=True, buffer_rows=200)
    before = [batch for _, batch in zip(range(at), stopped, strict=False)]

    resumed = BatchLoader(Dataset.scan(path), 25, shuffle=True, buffer_rows=200, workers=workers)
    resumed.load_state_dict(stopped.state_dict())

    assert expected == ids(before) + ids(resumed)


def test_resuming_reads_one_window_not_those_before(path, monkeypatch):
    from groundwork.data._batch_files import FileRows

    read = []
    block = FileRows.block
    monkeypatch.setattr(FileRows, "block", lambda self, number: read.append(number) or block(self, number))
    loader = BatchLoader(Dataset.scan(path), 25, shuffle=True, buffer_rows=200, prefetch=0)
    loader.load_state_dict({**loader.state_dict(), "batch": 39})

    list(loader)

    # A last window of 3 rows and, for its first batch, the window before; and once a block to learn the size of rows.
    assert len(read) <= 1 + 8 + 8


def test_a_row_meets_the_rows_of_its_window_and_no_others(path, tmp_path):
    whole_blocks = tmp_path / "rows.parquet"
    pl.read_parquet(path).head(1000).write_parquet(whole_blocks)
    loader = BatchLoader(Dataset.scan(whole_blocks), 200, shuffle=True, buffer_rows=200)

    batches = list(ids(loader))

    assert [8] * 5 == [len({row // 25 for row in batch}) for batch in batches]
    assert [True] * 5 == [batch != sorted(batch) for batch in batches]


def test_several_files_are_one_table(path, tmp_path):
    rows = pl.read_parquet(path)
    parts = [tmp_path / f"part-{at}[1].parquet" for at in range(3)]
    for part, frame in zip(parts, (rows[:301], rows[301:302], rows[302:]), strict=True):
        frame.write_parquet(part)
    expected = ids(BatchLoader(Dataset.scan(path), 40, shuffle=True, buffer_rows=160))

    dataset = Dataset.scan(parts)

    assert expected == ids(BatchLoader(dataset, 40, shuffle=True, buffer_rows=160))


def test_rows_are_validated_as_they_are_read(path):
    schema = Schema(columns={"id": Column(dtype="Int64", max=500)})
    loader = BatchLoader(Dataset.scan(path, schema=schema), 10, buffer_rows=200)

    with pytest.raises(InvalidDataError, match=r"rows\.parquet, rows 501 to 525: .*row 2, column id: '501'"):
        list(loader)


def test_types_are_those_of_the_schema(path):
    schema = Schema(columns={"id": Column(dtype="Float32")})

    batch = next(iter(BatchLoader(Dataset.scan(path, schema=schema), 10, buffer_rows=200)))

    assert batch.schema == {"id": pl.Float32}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"buffer_rows": 300}, "order 'shuffled, 200 rows at a time', this loader has 'shuffled, 300 rows at a time'"),
        ({"buffer_rows": None}, "order"),
    ],
)
def test_a_state_of_another_buffer_is_refused(path, change, words):
    arguments = {"shuffle": True, "buffer_rows": 200}
    state = BatchLoader(Dataset.scan(path), 10, **arguments).state_dict()

    with pytest.raises(ConfigurationError, match=words):
        BatchLoader(Dataset.scan(path), 10, **{**arguments, **change}).load_state_dict(state)


def test_a_state_of_another_file_is_refused(path, tmp_path):
    state = BatchLoader(Dataset.scan(path), 10, buffer_rows=200).state_dict()
    other = tmp_path / "other.parquet"
    pl.read_parquet(path).reverse().write_parquet(other)

    with pytest.raises(ConfigurationError, match="table of digest"):
        BatchLoader(Dataset.scan(other), 10, buffer_rows=200).load_state_dict(state)


def test_a_state_of_a_file_whose_rows_stand_otherwise_is_refused(tmp_path):
    orders = {"one": list(range(100_000)), "two": [*range(1000), *range(1999, 999, -1), *range(2000, 100_000)]}
    for name, order in orders.items():
        pl.DataFrame({"id": order}).write_parquet(tmp_path / f"{name}.parquet", compression="uncompressed")
    one, two = (BatchLoader(Dataset.scan(tmp_path / f"{name}.parquet"), 10, buffer_rows=200) for name in orders)

    with pytest.raises(ConfigurationError, match="table of digest"):
        two.load_state_dict(one.state_dict())


def test_a_table_without_rows_has_no_batches(tmp_path):
    path = tmp_path / "none.parquet"
    pl.DataFrame(schema={"id": pl.Int64}).write_parquet(path)

    assert [] == list(BatchLoader(Dataset.scan(path), 10, shuffle=True, buffer_rows=200))


@pytest.mark.parametrize("column", ["stratify", "weights", "bucket_by"])
def test_orders_that_need_the_whole_table_are_refused(path, column):
    with pytest.raises(ConfigurationError, match="by id need the whole table in memory"):
        BatchLoader(Dataset.scan(path), 10, buffer_rows=200, **{column: "id"})


def test_files_that_cannot_be_read_from_anywhere_are_refused(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id\n1\n")

    with pytest.raises(ConfigurationError, match="Parquet") as caught:
        BatchLoader(Dataset.scan(path), 10, buffer_rows=200)

    assert "sink" in caught.value.hint


def test_a_damaged_file_is_an_error_that_names_it(path, tmp_path):
    damaged = tmp_path / "damaged.parquet"
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    damaged.write_bytes(content)

    with pytest.raises(InvalidDataError, match=r"damaged\.parquet"):
        list(BatchLoader(Dataset.scan(damaged), 10, buffer_rows=200))


def test_a_file_that_went_away_is_the_worlds_fault(path, tmp_path):
    gone = tmp_path / "gone.parquet"
    gone.write_bytes(path.read_bytes())
    loader = BatchLoader(Dataset.scan(gone), 10, buffer_rows=200)
    gone.unlink()

    with pytest.raises(StorageError, match=r"gone\.parquet"):
        list(loader)
