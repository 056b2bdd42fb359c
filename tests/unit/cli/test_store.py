"""groundwork store: what it says of a store, and how it ends."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from groundwork.cli._main import app
from groundwork.errors import CheckpointCorrupt, CheckpointNotFoundError, UsageError
from groundwork.storage import CheckpointStore, Keep, load_checkpoint


def called(*words):
    return CliRunner().invoke(app, ["store", *map(str, words)])


def told(*words):
    """What the command printed; it must have ended well."""
    ended = called(*words)
    assert ended.exit_code == 0, ended.output + repr(ended.exception)
    return ended.stdout


@pytest.fixture
def root(tmp_path: Path) -> Path:
    store = CheckpointStore(tmp_path / "store", keep=Keep(last=9, best=("auc", 1)))
    for step, auc in [(100, 0.7), (200, 0.5), (300, 0.6)]:
        store.save(
            {"w": np.zeros(1000)},
            step=step,
            metrics={"auc": auc, "z": 1, "y": 2, "x": 3},
            metadata={"data": "flights [2013]"},
            files={"spec.json": b"{}"},
        )
    return tmp_path / "store"


def damage(root: Path, step: int) -> None:
    path = root / f"step-{step:08d}" / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_ls_shows_a_line_a_checkpoint_with_the_marks_that_count(root):
    head, *rows, following = told("ls", root).splitlines()

    assert ["step", "created", "size", "format", "metrics"] == head.split()
    assert [["100", "best"], ["200"], ["300", "latest"]] == [
        [word for word in row.split() if word in {"100", "200", "300", "best", "latest"}] for row in rows
    ]
    assert all("8.1 kB  safetensors" in row for row in rows)
    assert rows[0].endswith("auc 0.7  x 3  y 2  +1")
    assert f"Next: groundwork store verify {root}" == following


def test_ls_shows_the_headline_first_where_nothing_is_ranked(tmp_path):
    CheckpointStore(tmp_path).save({"w": np.zeros(1)}, step=1, metrics={"accuracy": 0.5, "roc_auc": 0.7})

    assert told("ls", tmp_path).splitlines()[1].endswith("roc_auc 0.7  accuracy 0.5")


def test_ls_for_programs_has_everything(root):
    found = json.loads(told("ls", root, "--json"))

    assert {"store": str(root), "strays": {}} == {name: found[name] for name in ("store", "strays")}
    assert [(100, True, False), (200, False, False), (300, False, True)] == [
        (row["step"], row["best"], row["latest"]) for row in found["checkpoints"]
    ]
    assert {"auc": 0.7, "x": 3, "y": 2, "z": 1} == found["checkpoints"][0]["metrics"]


def test_ls_names_what_is_no_sound_checkpoint(root):
    (root / "step-00000300" / "manifest.json").unlink()
    (root / "corrupt-step-00000050").mkdir()

    lines = told("ls", root).splitlines()

    assert "! corrupt-step-00000050  set aside as damaged" in lines
    assert "! step-00000300  damaged: it has no manifest.json" in lines
    assert next(line for line in lines if "latest" in line).split()[0] == "200"


def test_ls_of_a_store_that_is_not_ranked_marks_no_best(tmp_path):
    CheckpointStore(tmp_path).save({"w": np.zeros(1)}, step=1)

    assert "best" not in told("ls", tmp_path)


def test_ls_of_set_aside_ones_alone_says_that_none_is_sound(tmp_path):
    (tmp_path / "corrupt-step-00000001").mkdir()

    assert ["! corrupt-step-00000001  set aside as damaged", "no sound checkpoint"] == told("ls", tmp_path).splitlines()


def test_the_store_of_a_run_is_found_in_its_folder(root):
    run = root.parent / "run"
    run.mkdir()
    root.rename(run / "checkpoints")

    assert str(run / "checkpoints") == json.loads(told("ls", run, "--json"))["store"]


def test_latest_is_found_where_it_is_a_file_that_names_the_run(root):
    runs = root.parent / "runs"
    (runs / "r1").mkdir(parents=True)
    info = {"id": "r1", "project": "p", "project_path": "p", "created": "", "identity": "", "format": 1}
    (runs / "r1" / "run.json").write_text(json.dumps(info))
    (runs / "latest.json").write_text('{"run": "r1"}')
    root.rename(runs / "r1" / "checkpoints")

    assert 3 == len(json.loads(told("ls", runs / "latest", "--json"))["checkpoints"])


def test_info_shows_the_manifest(root):
    lines = told("info", root, "best").splitlines()

    said = {line[:11].strip(): line[13:] for line in lines if line[:11].strip()}
    assert "100  (best)" == said["step"]
    assert str(root / "step-00000100") == said["folder"]
    assert said["model"].startswith("model.safetensors  safetensors  8.1 kB  sha256 ")
    assert said["file"].startswith("spec.json  2 B  sha256 44136fa3")
    assert ("auc 0.7", "data: flights [2013]") == (said["metric"], said["metadata"])


@pytest.mark.parametrize(("which", "step"), [((), 300), (("latest",), 300), (("best",), 100), (("200",), 200)])
def test_info_for_programs_is_the_manifest_of_the_one_asked_for(root, which, step):
    found = json.loads(told("info", root, *which, "--json"))

    assert (step, {"auc", "x", "y", "z"}) == (found["step"], set(found["metrics"]))


def test_one_checkpoint_can_be_looked_at_by_itself(root):
    one = root / "step-00000200"

    assert told("info", one).startswith("step         200\n")
    assert [200] == [row["step"] for row in json.loads(told("ls", one, "--json"))["checkpoints"]]
    assert ["+ step-00000200  whole", "1 of 1 checkpoint is whole"] == told("verify", one).splitlines()


def test_verify_says_of_each_whether_it_is_whole(root):
    assert [
        "+ step-00000100  whole",
        "+ step-00000200  whole",
        "+ step-00000300  whole",
        "3 of 3 checkpoints are whole",
    ] == told("verify", root).splitlines()


def test_verify_names_the_damaged_file_and_what_lies_about_and_fails(root):
    damage(root, 200)
    (root / "corrupt-step-00000050").mkdir()
    (root / "notes").write_text("mine")

    ended = called("verify", root)

    assert 1 == ended.exit_code
    assert [
        "+ step-00000100  whole",
        "x step-00000200  the sha256 of model.safetensors differs",
        "+ step-00000300  whole",
        "! corrupt-step-00000050  set aside as damaged",
        "! notes  no part of the store",
        "2 of 3 checkpoints are whole",
    ] == ended.stdout.splitlines()[:-1]
    assert "the newest is step-00000300" in ended.stdout.splitlines()[-1]


def test_verify_for_programs(root):
    damage(root, 300)

    ended = called("verify", root, "--json")

    assert 1 == ended.exit_code
    assert {
        "store": str(root),
        "ok": False,
        "checkpoints": {
            "step-00000100": None,
            "step-00000200": None,
            "step-00000300": "the sha256 of model.safetensors differs",
        },
        "strays": {},
    } == json.loads(ended.stdout)


def test_verify_of_one_damaged_checkpoint_fails(root):
    damage(root, 200)

    ended = called("verify", root / "step-00000200")

    assert (1, "0 of 1 checkpoint is whole") == (ended.exit_code, ended.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("options", "deleted"),
    [
        (("--keep-last", 1), [100, 200]),
        (("--keep-last", 1, "--keep-best", "auc:1"), [200]),
        (("--keep-last", 1, "--keep-best", "-auc:1"), [100]),
        (("--keep-last", 2), [100]),
        (("--keep-last", 1, "--keep-every", 200), [100]),
        (("--keep-last", 3), []),
    ],
)
def test_prune_deletes_what_no_option_keeps(root, options, deleted):
    steps = {100, 200, 300}

    announced = json.loads(told("prune", root, *options, "--dry-run", "--json"))
    before = {info.step for info in CheckpointStore(root).list()}
    done = json.loads(told("prune", root, *options, "--json"))

    kept = sorted(steps - set(deleted))
    assert {"deleted": deleted, "kept": kept, "dry_run": True} == announced
    assert {"deleted": deleted, "kept": kept, "dry_run": False} == done
    assert (steps, kept) == (before, [info.step for info in CheckpointStore(root).list()])


def test_prune_says_what_it_did_or_would_do(root):
    dry = told("prune", root, "--keep-last", 1, "--dry-run").splitlines()
    done = told("prune", root, "--keep-last", 1).splitlines()
    again = told("prune", root, "--keep-last", 1).splitlines()

    assert ["would delete  100, 200", "would keep    300", "Next: the same command without --dry-run"] == dry
    assert ["deleted  100, 200", "kept     300"] == done
    assert ["deleted  none", "kept     300"] == again


def test_prune_without_a_rule_deletes_nothing(root):
    ended = called("prune", root)

    assert (2, 3) == (ended.exit_code, len(CheckpointStore(root).list()))
    assert "--keep-last" in ended.stderr


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_a_metric_that_no_checkpoint_has_deletes_nothing_and_names_the_nearest(root, dry_run):
    ended = called("prune", root, "--keep-last", 1, "--keep-best", "acu:1", *dry_run)

    assert isinstance(ended.exception, UsageError)
    assert "'acu'" in ended.exception.message
    assert "did you mean auc?" == ended.exception.hint
    assert 3 == len(CheckpointStore(root).list())


@pytest.mark.parametrize(
    "options",
    [
        ("--keep-last", 0),
        ("--keep-last", 1, "--keep-best", "auc"),
        ("--keep-last", 1, "--keep-best", "auc:many"),
        ("--keep-last", 1, "--keep-best", ":2"),
        ("--keep-last", 1, "--keep-best", "-:2"),
        ("--keep-last", 1, "--keep-best", "auc:0"),
        ("--keep-last", 1, "--keep-every", 0),
    ],
)
def test_a_rule_that_makes_no_sense_deletes_nothing(root, options):
    ended = called("prune", root, *options)

    assert isinstance(ended.exception, UsageError)
    assert ended.exception.hint
    assert "--keep-" in ended.exception.message
    assert "Keep(" not in ended.exception.message + ended.exception.hint
    assert 3 == len(CheckpointStore(root).list())


def test_one_checkpoint_alone_cannot_be_pruned(root):
    ended = called("prune", root / "step-00000100", "--keep-last", 1)

    assert isinstance(ended.exception, UsageError)
    assert str(root) in (ended.exception.hint or "")


@pytest.mark.parametrize(("options", "step"), [((), 300), (("--which", "best"), 100), (("--which", "200"), 200)])
def test_export_makes_a_checkpoint_of_its_own(root, options, step):
    target = root.parent / "out"

    first, following = told("export", root, target, *options).splitlines()

    assert step == load_checkpoint(target).info.step
    assert (f"Next: groundwork store info {target}", True) == (following, first.startswith(f"{target}  "))


def test_export_for_programs_makes_a_zip_by_its_name(root):
    target = root.parent / "out.zip"

    found = json.loads(told("export", root / "step-00000100", target, "--json"))

    assert {"target": str(target), "size": target.stat().st_size} == found
    assert "unpack" in told("export", root, root.parent / "again.zip")


def test_export_passes_over_a_damaged_one_and_says_so(root):
    damage(root, 300)

    ended = called("export", root, root.parent / "out")

    assert 0 == ended.exit_code
    assert ended.stderr.startswith("warning: step 300 is passed over: ")
    assert 200 == load_checkpoint(root.parent / "out").info.step


def test_a_damaged_one_that_was_asked_for_is_not_exported(root):
    damage(root, 300)

    ended = called("export", root, root.parent / "out", "--which", 300)

    assert isinstance(ended.exception, CheckpointCorrupt)
    assert not (root.parent / "out").exists()


def test_which_makes_no_sense_for_one_checkpoint(root):
    for words in (("info", root / "step-00000100", "200"), ("export", root / "step-00000100", "out", "--which", "200")):
        assert isinstance(called(*words).exception, UsageError)


@pytest.mark.parametrize("command", ["ls", "info", "verify"])
@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("missing", "there is no such folder"),
        ("latest", "there is no such folder"),
        ("file", "is a file"),
        ("empty", "holds no checkpoints"),
        ("run", "this run has no checkpoints"),
    ],
)
def test_a_wrong_folder_is_named_with_what_to_do(tmp_path, command, place, words):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")

    ended = called(command, tmp_path / place)

    assert isinstance(ended.exception, UsageError)
    assert words in ended.exception.message
    assert str(tmp_path / place) in ended.exception.message
    assert ended.exception.hint


@pytest.mark.parametrize(("which", "error"), [("77", CheckpointNotFoundError), ("newest", UsageError)])
def test_a_checkpoint_that_is_not_there_is_told(root, which, error):
    assert isinstance(called("info", root, which).exception, error)


def test_sizes_are_written_as_people_read_them():
    from groundwork.cli._store_view import size_of

    assert ["0 B", "999 B", "1.0 kB", "1.5 MB", "2.0 GB", "3000.0 TB"] == [
        size_of(size) for size in (0, 999, 1000, 1_500_000, 2e9, 3e15)
    ]


def test_a_terminal_is_shown_how_far_it_is_and_a_pipe_is_not(monkeypatch, capsys):
    from groundwork.cli._store_view import counted

    with counted("verifying") as progress:
        progress(1, 2)
    piped = capsys.readouterr().err
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    with counted("verifying") as progress:
        progress(1, 2)

    assert ("", True) == (piped, "verifying" in capsys.readouterr().err)


@pytest.mark.parametrize("words", [("info", "best"), ("export", "out", "--which", "best")])
def test_best_where_nothing_is_ranked_is_answered_in_words_of_the_command(tmp_path, words):
    CheckpointStore(tmp_path).save({"w": np.zeros(1)}, step=1)

    ended = called(words[0], tmp_path, *words[1:])

    assert isinstance(ended.exception, UsageError)
    assert "take latest, or a step as groundwork store ls lists them" == ended.exception.hint


def test_a_checkpoint_that_was_exported_is_in_no_store(root):
    told("export", root, root.parent / "out")

    ended = called("prune", root.parent / "out", "--keep-last", 1)

    assert isinstance(ended.exception, UsageError)
    assert "prune needs the store, a folder with step-… folders in it" == ended.exception.hint


def test_ls_cuts_the_metrics_at_the_width_of_a_terminal_alone(root, monkeypatch):
    piped = told("ls", root).splitlines()
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "70")

    shown = told("ls", root).splitlines()

    assert [(70, "…")] * 3 == [(len(line), line[-1]) for line in shown[1:4]]
    assert [line[:69] for line in piped[1:4]] == [line[:69] for line in shown[1:4]]
