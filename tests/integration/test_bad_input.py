"""Bad input and faults end in one clear sentence and exit code 1 or 2; nothing is lost, and there is no traceback."""

import errno
import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from groundwork.project import RunStore

pytestmark = pytest.mark.integration

DISK_FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
HANG = '(lambda: (print("it hangs", flush=True), __import__("time").sleep(100)))'


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def contents(folder):
    """Every file below a folder, links not followed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def statuses(folder):
    return [str(run.result().status) for run in RunStore(folder).list()]


def missing_gz(project):
    edit(project / "pipeline.yaml", "rows.csv", "rows.csv.gz")


def truncated_gz(project):
    missing_gz(project)
    (project / "rows.csv.gz").write_bytes(gzip.compress((project / "rows.csv").read_bytes())[:-500])


def empty_gz(project):
    missing_gz(project)
    (project / "rows.csv.gz").write_bytes(b"")


def no_gz_at_all(project):
    missing_gz(project)
    shutil.copy(project / "rows.csv", project / "rows.csv.gz")


def folder_as_source(project):
    (project / "rows.csv").unlink()
    (project / "rows.csv").mkdir()


def short_row(project):
    lines = (project / "rows.csv").read_text().splitlines()
    lines[400] = "a,2024-01-01T00:00:00Z"
    (project / "rows.csv").write_text("\n".join(lines))


def wrong_dtype_far_down(project):
    row = "a,2024-01-01T00:00:00Z,0.5,3\n"
    text = "site,at,load,late\n" + row * 200_000 + row.replace("0.5", "half") + row * 99
    (project / "rows.csv").write_text(text)


def empty_file(project):
    (project / "rows.csv").write_text("")


def header_only(project):
    (project / "rows.csv").write_text("site,at,load,late\n")


def column_gone(project):
    edit(project / "rows.csv", "site,at,load,late", "site,at,loads,late")


def one_class(project):
    edit(project / "pipeline.yaml", "> 10", "> 1000")


def many_classes(project):
    edit(project / "pipeline.yaml", "pl.col('late') > 10", "late")


def join_without_column(project):
    (project / "sites.csv").write_text("site,sizes\na,1\n")


def join_with_wrong_value(project):
    (project / "sites.csv").write_text("site,size\na,1\nb,big\n")


SPOILT_DATA = [
    (truncated_gz, "rows.csv.gz is truncated or damaged: Compressed file ended before the end-of-stream marker"),
    (empty_gz, "rows.csv.gz is empty: no header"),
    (no_gz_at_all, "rows.csv.gz is truncated or damaged: Not a gzipped file"),
    (short_row, "rows.csv: row 400 (line 401) has 2 fields; the header has 4"),
    (wrong_dtype_far_down, "rows.csv: row 200,001 (line 200,002), column load: 'half' is not Float64"),
    (empty_file, "rows.csv is empty: no header"),
    (header_only, "rows.csv has no rows"),
    (column_gone, "rows.csv has no column 'load'"),
    (one_class, "the target has one class only, False, in all 612 rows; a classifier needs two"),
    (many_classes, "target late has 59 classes (-18, -17, -14, -13, -12, …); a classification tells two apart"),
    (join_without_column, "sites.csv has no column 'size'"),
    (join_with_wrong_value, "sites.csv: row 2 (line 3), column size: 'big' is not Int64"),
]


@pytest.mark.parametrize(("spoil", "sentence"), SPOILT_DATA, ids=lambda case: getattr(case, "__name__", ""))
def test_spoilt_data_fail_the_run_with_a_sentence_and_leave_the_earlier_run(
    project, good_run, command, spoil, sentence
):
    before = contents(good_run)
    spoil(project)

    ended = command("run", project)

    assert ended.returncode == 1
    (told,) = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    assert sentence in told
    assert "Traceback" not in ended.said
    assert statuses(good_run.parent) == ["FAILURE", "SUCCESS"]
    assert contents(good_run) == before


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (missing_gz, "rows.csv.gz: no such file; "),
        (folder_as_source, "rows.csv is a folder, not a file"),
        (lambda project: (project / "sites.csv").unlink(), "sites.csv: no such file; "),
    ],
)
def test_a_file_that_is_not_there_is_told_before_a_run_begins(project, command, spoil, sentence):
    spoil(project)

    ended = command("run", project)

    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert "Traceback" not in ended.said
    assert not (project.parent / "runs").exists()


MISTAKES = [
    ("pl.col('at').dt", "pl.col('att').dt", "21: derive.weekday: there is no column 'att'; did you mean 'at'?"),
    ("exclude: [at]", "exclude: [laod]", "23: exclude.0: there is no column 'laod'; did you mean 'load'?"),
    ("column: at", "column: laod", "24: split.column: there is no column 'laod'; did you mean 'load'?"),
    ("on: [site]", "on: [sitee]", "14: joins.0.on.0: there is no column 'sitee'; did you mean 'site'?"),
    ("columns: [size]", "columns: [sise]", "15: joins.0.columns.0: there is no column 'sise' in the table 'sites'"),
    ("seed: 7", "seeed: 7", "3: seeed: unknown key; did you mean 'seed'?"),
]


@pytest.mark.parametrize(("old", "new", "sentence"), MISTAKES)
def test_a_mistake_in_the_configuration_is_told_with_its_line(project, command, old, new, sentence):
    edit(project / "pipeline.yaml", old, new)

    ended = command("run", project)

    assert ended.returncode == 2
    assert f"pipeline.yaml:{sentence}" in ended.stderr
    assert "Traceback" not in ended.said
    assert not (project.parent / "runs").exists()


def test_all_mistakes_in_the_configuration_come_at_once(project, command):
    for old, new, _ in MISTAKES:
        edit(project / "pipeline.yaml", old, new)

    ended = command("run", project)

    assert ended.returncode == 2
    assert "7 mistakes in the configuration" in ended.stderr  # the key of the join is missing from both tables
    assert all(f"pipeline.yaml:{sentence}" in ended.stderr for _, _, sentence in MISTAKES)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("model.params", "--set model.params: write it as key.key=value"),
        ("model.parms.max_iter=3", "--set model.parms.max_iter=3: model.parms: unknown key; did you mean 'params'?"),
        ("seed=abc", "--set seed=abc: seed: expected a whole number, found 'abc'"),
    ],
)
def test_a_bad_override_is_told(project, command, override, sentence):
    ended = command("run", project, "--set", override)

    assert (ended.returncode, ended.stderr) == (2, f"error: {sentence}\n")


FULL_DISKS = [
    "storage.checkpoint.before_manifest",
    "storage.checkpoint.before_rename",
    "storage.checkpoint.after_rename",
    "storage.atomic_write.before_fsync",
    "storage.atomic_write.before_replace",
    "storage.journal.before_append",
    "storage.journal.before_fsync",
    "project.train.fitted",
]


@pytest.mark.parametrize("place", FULL_DISKS)
def test_after_a_full_disk_the_same_command_goes_on_and_succeeds(project, good_run, command, place):
    before = contents(good_run)

    full = command("run", project, failpoints={place: DISK_FULL})
    resumed = command("run", project)

    assert full.returncode == 1
    assert "No space left on device" in full.said
    assert "Traceback" not in full.said
    assert resumed.returncode == 0
    assert [status for status in statuses(good_run.parent) if status != "SUCCESS"] == []
    assert {name: data for name, data in before.items() if not name.startswith("work")} == {
        name: data for name, data in contents(good_run).items() if not name.startswith("work")
    }


def test_a_disk_that_fills_up_while_the_journal_is_written_leaves_a_run_to_go_on_with(project, command):
    left = iter(range(6))

    def sixth_time():
        if next(left, None) is None:
            raise DISK_FULL

    full = command("run", project, failpoints={"storage.journal.before_append": sixth_time})
    runs = project.parent / "runs"
    crashed = statuses(runs)
    resumed = command("run", project)

    assert full.returncode == 1
    assert "journal.jsonl: cannot append to the journal: No space left on device" in full.stderr
    assert "Traceback" not in full.said
    assert crashed == ["CRASHED"]
    assert "going on with" in resumed.stdout
    assert statuses(runs) == ["SUCCESS"]


@pytest.mark.parametrize("asked", ["serve", "report", "predict"])
def test_a_crashed_run_has_nothing_to_serve_and_says_how_to_go_on(project, command, asked):
    command("run", project, failpoints={"storage.journal.before_append": DISK_FULL})
    (run,) = RunStore(project.parent / "runs").list()

    ended = command(asked, run.folder, *([project / "rows.csv", "out.csv"] if asked == "predict" else []))

    assert ended.returncode in (1, 2)
    assert f"run {run.info.id} is CRASHED and has no " in ended.stderr
    assert f"hint: groundwork run {project} goes on with it" in ended.stderr
    assert not (project.parent / "out.csv").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_told_to_stop_is_cancelled_and_goes_on_later(project, groundwork, command, number, code):
    process = groundwork.start("run", project, failpoints={"project.train.fitted": HANG})
    for line in process.stdout:
        if "it hangs" in line:
            break

    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    cancelled = statuses(project.parent / "runs")
    resumed = command("run", project)

    assert process.returncode == code
    assert "the same command goes on with it" in out
    assert "Traceback" not in out + err
    assert cancelled == ["CANCELLED"]
    assert "going on with" in resumed.stdout
    assert statuses(project.parent / "runs") == ["SUCCESS"]


def test_two_runs_started_at_one_instant_both_finish(project, groundwork):
    processes = [groundwork.start("run", project) for _ in range(2)]

    ended = [(*process.communicate(timeout=600), process.returncode) for process in processes]

    assert [code for _, _, code in ended] == [0, 0], ended
    runs = RunStore(project.parent / "runs").list()
    assert len({run.info.id for run in runs}) == 2
    assert [str(run.result().status) for run in runs] == ["SUCCESS", "SUCCESS"]
    assert len({(run.folder / "predictions.parquet").read_bytes() for run in runs}) == 1
    assert (project.parent / "runs" / "latest").resolve().name in {run.info.id for run in runs}
    assert not [name for name in contents(project.parent / "runs") if "tmp" in name or ".latest-" in name]


@pytest.mark.parametrize(
    "asked", [("run", "small"), ("runs",), ("serve",), ("predict", "runs/latest", "a.csv", "b.csv")]
)
def test_a_folder_of_runs_of_a_newer_version_is_left_alone(project, good_run, command, asked):
    (good_run.parent / "format.json").write_text('{"format": 99}')
    before = contents(good_run.parent)

    ended = command(*asked)

    assert ended.returncode == 1
    assert "runs has format 99, written by a newer groundwork; this one reads up to format 1" in ended.stderr
    assert "Traceback" not in ended.said
    assert contents(good_run.parent) == before


def test_a_result_that_was_edited_is_named(good_run, command):
    (good_run / "result.json").write_text("{}")

    ended = command("runs")

    assert ended.returncode == 2
    assert "result.json is not what groundwork wrote: KeyError 'steps'" in ended.stderr


@pytest.mark.parametrize("asked", ["serve", "report", "predict"])
def test_a_folder_that_is_no_run_is_told(project, good_run, command, asked):
    ended = command(asked, "small", *([project / "rows.csv", "out.csv"] if asked == "predict" else []))

    assert ended.returncode == 2
    assert "small is not a run: it has no run.json" in ended.stderr
    assert "Traceback" not in ended.said


def test_runs_cannot_be_kept_in_a_file(project, command):
    (project.parent / "runs").write_text("a file")

    ended = command("run", project)

    assert (ended.returncode, ended.stderr.splitlines()[0]) == (
        1,
        "error: runs: cannot start a run there: File exists",
    )


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="no modes on Windows, and root may write")
def test_a_folder_that_cannot_be_written_is_told(project, command):
    (project.parent / "runs").mkdir(mode=0o500)

    ended = command("run", project)

    assert ended.returncode == 1
    assert "Permission denied" in ended.stderr
    assert "Traceback" not in ended.said


def test_a_port_in_use_is_told(good_run, command):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = command("serve", "--port", port)

    assert ended.returncode == 1
    assert f"error: cannot listen on 127.0.0.1:{port}: Address already in use" in ended.stderr
    assert "--port" in ended.stderr


class TestPredict:
    """`groundwork predict` leaves a whole file or none."""

    @pytest.fixture
    def predict(self, good_run, command):
        def run(source, target, **options):
            return command("predict", "runs/latest", source, target, **options)

        return run

    def test_the_output_may_lie_in_a_new_folder(self, project, predict):
        ended = predict(project / "rows.csv", "new/folder/scores.csv")

        assert ended.returncode == 0
        assert (project.parent / "new/folder/scores.csv").read_text().startswith("site,at,load,late,prediction,")

    def test_a_missing_file_names_the_nearest(self, project, predict):
        ended = predict(project / "rowz.csv", "out.csv")

        assert ended.returncode == 1
        assert "rowz.csv: no such file" in ended.stderr
        assert f"did you mean {project / 'rows.csv'}?" in ended.stderr

    def test_a_truncated_file_is_told(self, project, predict):
        truncated_gz(project)

        ended = predict(project / "rows.csv.gz", "out.csv")

        assert ended.returncode == 2
        assert "rows.csv.gz is truncated or damaged" in ended.stderr
        assert not (project.parent / "out.csv").exists()

    def test_a_wrong_value_is_named_by_row_and_column(self, project, predict):
        wrong_dtype_far_down(project)

        ended = predict(project / "rows.csv", "out.parquet")

        assert ended.returncode == 2
        assert "rows.csv: row 200,001 (line 200,002), column load: 'half' is not Float64" in ended.stderr
        assert "Traceback" not in ended.said
        assert not (project.parent / "out.parquet").exists()

    def test_an_unknown_suffix_is_told(self, project, predict):
        ended = predict(project / "rows.csv", "out.xlsx")

        assert ended.returncode == 2
        assert "error: out.xlsx: no output format has the suffix '.xlsx'" in ended.stderr

    def test_the_input_is_never_the_output(self, project, predict):
        before = (project / "rows.csv").read_bytes()
        (project / "link.csv").symlink_to("rows.csv")

        ended = [
            predict(project / "rows.csv", project / name) for name in ("rows.csv", "../small/rows.csv", "link.csv")
        ]

        assert [each.returncode for each in ended] == [2, 2, 2]
        assert all("is the input itself" in each.stderr for each in ended)
        assert (project / "rows.csv").read_bytes() == before

    def test_an_output_below_a_file_is_told(self, project, predict):
        ended = predict(project / "rows.csv", project / "rows.csv" / "out.csv")

        assert ended.returncode in (1, 2)
        assert "Not a directory" in ended.stderr or "File exists" in ended.stderr
        assert "Traceback" not in ended.said

    @pytest.mark.parametrize("place", ["before_fsync", "before_replace"])
    def test_a_full_disk_leaves_the_old_output(self, project, predict, place):
        target = project.parent / "out.csv"
        target.write_text("old")
        there = sorted(os.listdir(project.parent))

        ended = predict(project / "rows.csv", "out.csv", failpoints={f"storage.atomic_write.{place}": DISK_FULL})

        assert ended.returncode == 1
        assert "out.csv: cannot write: No space left on device" in ended.stderr
        assert target.read_text() == "old"
        assert sorted(os.listdir(project.parent)) == there

    @pytest.mark.skipif(sys.platform == "win32", reason="no limits on Windows")
    def test_no_half_output_stays_where_files_may_not_grow(self, project, good_run, groundwork):
        line = groundwork.line("predict", "runs/latest", project / "rows.csv", "out.csv")

        ended = subprocess.run(
            ["bash", "-c", 'ulimit -f 16; exec "$@"', "_", *line],
            cwd=project.parent,
            # The measurement of coverage writes files too, and would end in a traceback of its own.
            env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")},
            capture_output=True,
            text=True,
            check=False,
        )

        assert ended.returncode == 1, ended.stderr
        assert "error: out.csv: cannot write: File too large" in ended.stderr
        assert "Traceback" not in ended.stdout + ended.stderr
        assert sorted(os.listdir(project.parent)) == ["runs", "small"]
