"""groundwork store as its users see it: on the run they have just made, and with its ends."""

import json

import pytest

from groundwork.storage import load_checkpoint

pytestmark = pytest.mark.integration


def damaged(run):
    path = run / "checkpoints" / "step-00000001" / "model.skops"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_the_checkpoint_of_a_run_is_listed_verified_and_taken_along(good_run, command, tmp_path):
    listed = command("store", "ls", "runs/latest")
    verified = command("store", "verify", "runs/latest")
    exported = command("store", "export", "runs/latest", "model")

    _head, row, following = listed.stdout.splitlines()
    assert ["1", "skops", "latest"] == [word for word in row.split() if word in ("1", "skops", "latest")]
    assert "roc_auc 0." in row
    assert "Next: groundwork store verify runs/latest/checkpoints" == following.replace("\\", "/")
    assert (0, "1 of 1 checkpoint is whole") == (verified.returncode, verified.stdout.splitlines()[-1])
    assert (0, "") == (exported.returncode, exported.stderr)
    assert 1 == load_checkpoint(tmp_path / "model").info.step


def test_a_damaged_checkpoint_is_named_and_the_command_fails(good_run, command):
    damaged(good_run)

    ended = command("store", "verify", "runs/latest", "--json")

    assert (1, "") == (ended.returncode, ended.stderr)
    assert {"step-00000001": "the sha256 of model.skops differs"} == json.loads(ended.stdout)["checkpoints"]


def test_when_no_checkpoint_is_whole_nothing_is_exported(good_run, command, tmp_path):
    damaged(good_run)

    ended = command("store", "export", "runs/latest", "model")

    warning, error, hint = ended.stderr.splitlines()
    assert (1, "") == (ended.returncode, ended.stdout)
    assert "set aside as corrupt-step-00000001" in warning
    assert error.startswith("error: ")
    assert "no checkpoint verifies" in error
    assert hint.startswith("hint: ")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("ls", "nothing"), 2),
        (("verify", "."), 2),
        (("prune", "runs/latest"), 2),
        (("prune", "runs/latest", "--keep-last", "0"), 2),
        (("info", "runs/latest", "newest"), 2),
        (("info", "runs/latest", "7"), 1),
        (("export", "runs/latest", "small"), 2),
    ],
)
def test_what_went_wrong_is_told_on_stderr_with_its_exit_code(good_run, command, words, code):
    ended = command("store", *words)

    assert (code, "") == (ended.returncode, ended.stdout)
    assert "rror: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_pruning_a_run_keeps_its_model(good_run, command):
    ended = command("store", "prune", "runs/latest", "--keep-last", "1")

    assert (0, ["deleted  none", "kept     1"]) == (ended.returncode, ended.stdout.splitlines())
