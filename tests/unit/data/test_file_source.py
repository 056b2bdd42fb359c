"""Files as one table: patterns, lists, members of a zip."""

import gzip
import zipfile
from pathlib import Path

import polars as pl
import pytest

from groundwork.data import Dataset, Schema
from groundwork.errors import InvalidDataError, StorageError, UnsupportedFormatError, UsageError


def schema(**columns) -> Schema:
    return Schema.model_validate({"columns": columns})


INT = schema(a={"dtype": "int"})


def csv(path: Path, *rows: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_pattern_reads_its_files_in_sorted_order(tmp_path):
    for name in ("part-2", "part-10", "part-1"):
        csv(tmp_path / f"{name}.csv", "a", name)

    dataset = Dataset.scan(tmp_path / "part-*.csv")

    assert dataset.collect()["a"].to_list() == ["part-1", "part-10", "part-2"]
    assert [path.name for path in dataset.files] == ["part-1.csv", "part-10.csv", "part-2.csv"]
    assert dataset.name == "part-1.csv … part-2.csv"


def test_two_stars_reach_any_depth(tmp_path):
    csv(tmp_path / "t.csv", "a", "1")
    csv(tmp_path / "x" / "y" / "t.csv", "a", "2")

    dataset = Dataset.scan(f"{tmp_path}/**/*.csv", schema=INT)

    assert dataset.collect()["a"].to_list() == [1, 2]


def test_a_pattern_without_a_match_says_what_is_there(tmp_path):
    csv(tmp_path / "part-1.csv", "a", "1")

    with pytest.raises(StorageError, match=r"no file matches .*prt-\*\.csv") as caught:
        Dataset.scan(tmp_path / "no" / "prt-*.csv")

    assert "part-1.csv" not in caught.value.message
    assert f"{tmp_path} holds part-1.csv" in caught.value.hint


def test_a_name_that_only_looks_like_a_pattern_is_a_file(tmp_path):
    path = csv(tmp_path / "t[1].csv", "a", "1")

    assert Dataset.scan(path, schema=INT).collect()["a"].to_list() == [1]


def test_a_list_keeps_its_order_and_may_mix_formats(tmp_path):
    (tmp_path / "j.jsonl").write_text('{"a": 3}\n')
    pl.DataFrame({"a": [2]}).write_parquet(tmp_path / "p.parquet")
    with gzip.open(tmp_path / "c.csv.gz", "wt") as file:
        file.write("a\n1\n")

    dataset = Dataset.scan([tmp_path / "j.jsonl", tmp_path / "p.parquet", str(tmp_path / "c.csv.gz")], schema=INT)

    assert dataset.collect()["a"].to_list() == [3, 2, 1]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "a path is empty"),
        ("https://x.example/y.csv", "https://x.example/y.csv is an address, and only files are read"),
        ("s3://bucket/*.parquet", r"s3://bucket/\*.parquet is an address, and only files are read"),
    ],
)
def test_what_names_no_file_is_refused_at_once(path, message):
    with pytest.raises(UsageError, match=message) as caught:
        Dataset.scan(path)

    assert caught.value.hint


def test_an_empty_list_is_told_apart_from_a_list_of_files():
    with pytest.raises(UsageError, match="the list of files is empty"):
        from groundwork.data._file_source import files_of

        files_of([], None)


@pytest.mark.parametrize(
    ("header", "told"),
    [("a,z", "it lacks b and has z besides"), ("a", "it lacks b"), ("a,b,c,d", "it has c, d besides")],
)
def test_files_of_other_columns_are_named_with_the_columns(tmp_path, header, told):
    first = csv(tmp_path / "1.csv", "a,b", "1,2")
    second = csv(tmp_path / "2.csv", header)

    with pytest.raises(InvalidDataError) as caught:
        Dataset.scan([first, second]).collect()

    assert caught.value.message == f"2.csv has other columns than 1.csv: {told}"


def test_the_columns_of_all_files_stand_in_the_order_of_the_first(tmp_path):
    first = csv(tmp_path / "1.csv", "a,b", "1,x")
    second = csv(tmp_path / "2.csv", "b,a", "y,2")

    assert Dataset.scan([first, second], schema=INT).collect().rows() == [(1, "x"), (2, "y")]


def test_rows_and_lines_are_counted_anew_in_each_file(tmp_path):
    first = csv(tmp_path / "1.csv", "a,b", '1,"x', 'y"', "2,z")
    second = csv(tmp_path / "2.csv", "", "a,b", '3,"x', 'y"', "bad,z", "worse,z")

    report = Dataset.scan([first, second], schema=INT).validate()

    assert report.violations[0].examples == [("2.csv", 2, 5, "bad"), ("2.csv", 3, 6, "worse")]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    csv(tmp_path / "x" / "t.csv", "a", "1")
    csv(tmp_path / "y" / "t.csv", "a", "q")

    with pytest.raises(InvalidDataError) as caught:
        Dataset.scan(tmp_path / "*" / "t.csv", schema=INT).collect()

    assert caught.value.message == "y/t.csv: row 1 (line 2), column a: 'q' is not Int64"
    assert caught.value.context["line"] == 2


def test_a_damaged_file_of_several_is_named_by_its_label(tmp_path):
    csv(tmp_path / "x" / "t.csv", "a,b", "1,2")
    csv(tmp_path / "y" / "t.csv", "a,b", "1")

    with pytest.raises(InvalidDataError, match=r"^y/t\.csv: row 1 \(line 2\) has 1 field"):
        Dataset.scan(tmp_path / "*" / "t.csv").validate()


def archive(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in members.items():
            file.writestr(f"{name}.csv", text)
    return path


def test_a_pattern_of_members_reads_several_files_of_a_zip(tmp_path):
    path = archive(tmp_path / "t.zip", b="a\nbad\n", a="a\n1\n")

    report = Dataset.scan(path, member="*.csv", schema=INT).validate()

    assert report.rows_in == 2
    assert report.violations[0].examples == [("t.zip/b.csv", 1, 2, "bad")]


def test_a_member_is_named_plainly_too(tmp_path):
    path = archive(tmp_path / "t.zip", a="a\n1\n", b="a\n2\n")

    assert Dataset.scan(path, member="b.csv", schema=INT).collect()["a"].to_list() == [2]


def test_a_member_may_have_the_name_of_a_pattern(tmp_path):
    path = archive(tmp_path / "t.zip", **{"a[1]": "a\n1\n", "a1": "a\n2\n"})

    assert Dataset.scan(path, member="a[1].csv", schema=INT).collect()["a"].to_list() == [1]


def test_a_pattern_of_members_without_a_match_says_what_is_there(tmp_path):
    path = archive(tmp_path / "t.zip", a="a\n1\n")

    with pytest.raises(StorageError, match=r"t\.zip: no member matches \*\.tsv") as caught:
        Dataset.scan(path, member="*.tsv")

    assert caught.value.hint == "it holds a.csv"


def test_parquet_files_of_other_types_want_a_declaration(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": ["x"]}).write_parquet(tmp_path / "2.parquet")
    files = [tmp_path / "1.parquet", tmp_path / "2.parquet"]

    with pytest.raises(InvalidDataError, match=r"2\.parquet: column a is String, but Int64 in 1\.parquet"):
        Dataset.scan(files).collect()

    assert Dataset.scan(files, schema=INT).validate().violations[0].examples == [("2.parquet", 1, None, "x")]


@pytest.mark.parametrize(("one", "two", "read"), [("1", "2.5", [1.0, 2.5]), ("1", '"x"', ["1", "x"])])
def test_json_lines_of_several_files_have_the_types_of_one_file(tmp_path, one, two, read):
    (tmp_path / "1.jsonl").write_text(f'{{"a": {one}}}\n')
    (tmp_path / "2.jsonl").write_text(f'{{"a": {two}}}\n')

    assert Dataset.scan(tmp_path / "?.jsonl").collect()["a"].to_list() == read


def test_progress_runs_over_all_files(tmp_path):
    files = [csv(tmp_path / f"{name}.csv", "a", "1", "2") for name in "xy"]
    told = []

    Dataset.scan(files).collect(progress=lambda done, total: told.append((done, total)))

    assert told == sorted(told)
    assert told[-1] == (12, 12)


def test_an_unknown_format_says_which_are_known(tmp_path):
    path = csv(tmp_path / "t.xyz", "a", "1")

    with pytest.raises(UnsupportedFormatError, match=r"no table format has the suffix '\.xyz'"):
        Dataset.scan(path).collect()


def test_a_file_goes_to_a_reader_by_its_last_suffix(tmp_path):
    path = csv(tmp_path / "t.parquet.csv", "a", "x")

    report = Dataset.scan(path, schema=INT).sink(tmp_path / "out.parquet", "quarantine")

    assert report.rows_out == 0
    assert pl.read_parquet(tmp_path / "out.quarantine.parquet")["a"].to_list() == ["x"]


def test_files_whose_times_differ_in_having_a_zone_are_refused(tmp_path):
    (tmp_path / "1.csv").write_text("t\n2013-01-01T00:00Z\n")
    (tmp_path / "2.csv").write_text("t\n2013-01-01T00:00\n")

    with pytest.raises(InvalidDataError, match=r"2\.csv: column t is Datetime.*UTC.* in 1\.csv") as caught:
        Dataset.scan(tmp_path / "?.csv", schema=schema(t={"dtype": "Datetime"})).collect()

    assert "declare column t" in caught.value.hint


def test_an_empty_quarantine_of_parquet_has_the_types_of_the_file(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "t.parquet")

    Dataset.scan(tmp_path / "t.parquet").sink(tmp_path / "out.parquet", "quarantine")

    assert pl.read_parquet(tmp_path / "out.quarantine.parquet").schema["a"] == pl.Int64
