import json

import pytest

from groundwork import storage
from groundwork.errors import StorageError
from groundwork.project import RunInfo, load_config
from groundwork.project._artefacts import artefact
from groundwork.project._kept import Kept, KeptOutputs, key_of
from groundwork.storage import FileLock


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def outputs(runs):
    return KeptOutputs(runs, "small")


def keep(outputs, source, number, key="k"):
    """Keep the table of the run of this number."""
    (source / "work").mkdir(parents=True, exist_ok=True)
    (source / "work" / "table").unlink(missing_ok=True)
    (source / "work" / "table").write_text(f"rows of {number}")
    info = RunInfo(f"run-{number}", "small", "/p", f"2026-11-{number:02}T00:00:00+00:00", "i")
    outputs.keep("load", key, info, source, {"table": artefact(source, "work/table")}, known=number)


def names(outputs, key="k"):
    return [kept.run for kept in outputs.find("load", key)]


class TestKeys:
    """What may stand in for a step is what the same request made."""

    @pytest.mark.parametrize(
        "change",
        [
            "source.path=other.csv",
            "source.on_invalid=drop",
            "schema.columns.load.max=5",
            "joins.0.columns=all",
            "derive.weekday=pl.col('at').dt.month()",
            "target=pl.col('late') > 11",
        ],
    )
    def test_what_decides_the_table_is_in_both(self, project, change):
        before, after = load_config(project), load_config(project, [change])

        assert key_of(before, "load") != key_of(after, "load")
        assert key_of(before, "train") != key_of(after, "train")

    @pytest.mark.parametrize("change", ["model.params.max_iter=11", "seed=8", "split.test=0.3", "exclude=[at, load]"])
    def test_what_decides_the_model_alone_is_only_in_its_own(self, project, change):
        before, after = load_config(project), load_config(project, [change])

        assert key_of(before, "load") == key_of(after, "load")
        assert key_of(before, "train") != key_of(after, "train")

    @pytest.mark.parametrize("change", ["gates={}", "leakage=error", "steps.load.optional=true", "description=new"])
    def test_what_decides_neither_is_in_none(self, project, change):
        before, after = load_config(project), load_config(project, [change])

        assert key_of(before, "load") == key_of(after, "load")
        assert key_of(before, "train") == key_of(after, "train")

    def test_derived_columns_count_in_their_order(self, project):
        one = load_config(project, ["derive={a: pl.col('load'), b: pl.col('load')}"])
        other = load_config(project, ["derive={b: pl.col('load'), a: pl.col('load')}"])

        assert key_of(one, "load") != key_of(other, "load")


class TestKeeping:
    """The newest outputs stay, whole, and strangers are let alone."""

    def test_what_was_kept_is_found_with_its_files_and_facts(self, outputs, tmp_path):
        keep(outputs, tmp_path / "run", 1)

        (found,) = outputs.find("load", "k")

        assert ("run-1", {"known": 1}) == (found.run, found.facts)
        assert "rows of 1" == (outputs.folder(found) / "work" / "table").read_text()

    def test_of_one_configuration_the_newest_two_stay(self, outputs, tmp_path):
        for number in (1, 2, 3):
            keep(outputs, tmp_path / "run", number)

        assert ["run-3", "run-2"] == names(outputs)

    def test_of_many_configurations_the_last_four_stay(self, outputs, tmp_path):
        for number in range(1, 6):
            keep(outputs, tmp_path / "run", number, key=f"k{number}")

        assert [[], *([f"run-{number}"] for number in range(2, 6))] == [
            names(outputs, f"k{number}") for number in range(1, 6)
        ]

    def test_a_run_that_went_on_replaces_what_it_left(self, outputs, tmp_path):
        keep(outputs, tmp_path / "run", 1)
        keep(outputs, tmp_path / "run", 1)

        assert ["run-1"] == names(outputs)

    def test_an_older_run_that_ends_later_keeps_its_own(self, outputs, tmp_path):
        for number in (3, 4, 1):
            keep(outputs, tmp_path / "run", number)

        assert ["run-4", "run-3", "run-1"] == names(outputs)

    def test_half_of_a_killed_run_goes_and_that_of_a_living_one_stays(self, outputs, runs, tmp_path):
        place = runs / "kept" / "small" / "load"
        for name in ("killed", "living"):
            (place / name).mkdir(parents=True)
        (runs / "living").mkdir()
        with FileLock(runs / "living" / "run.lock"):
            keep(outputs, tmp_path / "run", 1)

        assert ["living", "run-1"] == sorted(path.name for path in place.iterdir())

    @pytest.mark.parametrize(
        "damage", [{"format": 2}, {"run": "another"}, {"created": "yesterday"}, {"created": "2026-11-01"}, {"new": 1}]
    )
    def test_a_record_that_is_not_ours_is_not_found(self, outputs, tmp_path, damage):
        keep(outputs, tmp_path / "run", 1)
        (kept,) = outputs.find("load", "k")
        path = outputs.folder(kept) / "kept.json"
        storage.write(path, {**storage.read(path), **damage})

        assert [] == outputs.find("load", "k")

    @pytest.mark.parametrize("text", ["", "[]", '{"step": "load"', json.dumps({"step": "load"})])
    def test_a_torn_record_is_not_found(self, outputs, tmp_path, text):
        keep(outputs, tmp_path / "run", 1)
        (kept,) = outputs.find("load", "k")
        (outputs.folder(kept) / "kept.json").write_text(text)

        assert [] == outputs.find("load", "k")

    def test_nothing_kept_is_nothing_found(self, outputs):
        assert [] == outputs.find("load", "k")

    def test_what_cannot_be_kept_is_told(self, outputs, runs, tmp_path):
        runs.mkdir()
        (runs / "kept").write_text("in the way")

        with pytest.raises(StorageError, match="cannot be kept there"):
            keep(outputs, tmp_path / "run", 1)


def test_a_record_knows_when_its_run_began():
    assert 2026 == Kept("load", "k", "r", "2026-11-01T00:00:00+00:00", {}, {}).began.year
