import errno

import pytest

from groundwork.project._artefacts import artefact, copy_artefacts, intact
from groundwork.storage import atomic_write


@pytest.fixture
def run(tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "table.bin").write_bytes(b"rows")
    return tmp_path


def test_an_artefact_names_the_content(run):
    described = artefact(run, "work/table.bin")

    assert described["path"] == "work/table.bin"
    assert described["bytes"] == 4
    assert len(described["sha256"]) == 64


@pytest.mark.parametrize("content", [b"ROWS", b"row", None], ids=["flipped", "cut", "gone"])
def test_an_output_is_intact_until_one_of_its_files_changes(run, content):
    output = {"rows": 3, "parts": [{"file": artefact(run, "work/table.bin")}]}
    before = intact(run, output)

    (run / "work" / "table.bin").unlink()
    if content is not None:
        (run / "work" / "table.bin").write_bytes(content)

    assert [True, False] == [before, intact(run, output)]


def test_an_output_without_files_is_always_intact(tmp_path):
    assert intact(tmp_path, {"metrics": {"roc_auc": 0.7}})
    assert intact(tmp_path, None)


def test_the_files_of_an_output_go_to_another_run(run, tmp_path):
    output = {"table": artefact(run, "work/table.bin")}
    target = tmp_path / "other"

    copy_artefacts(run, target, output)

    assert intact(target, output)
    assert [path.name for path in (target / "work").iterdir()] == ["table.bin"]


def test_a_file_that_is_there_already_is_replaced(run, tmp_path):
    output = {"table": artefact(run, "work/table.bin")}
    target = tmp_path / "other"
    (target / "work").mkdir(parents=True)
    (target / "work" / "table.bin").write_bytes(b"old")

    copy_artefacts(run, target, output)

    assert intact(target, output)


def test_what_is_written_anew_leaves_its_copies_alone(run, tmp_path):
    output = {"table": artefact(run, "work/table.bin")}
    copy_artefacts(run, tmp_path / "other", output)

    with atomic_write(run / "work" / "table.bin") as file:
        file.write(b"other rows")

    assert intact(tmp_path / "other", output)


def test_where_files_cannot_be_linked_they_are_copied(run, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr("os.link", refuse)
    output = {"table": artefact(run, "work/table.bin")}

    copy_artefacts(run, tmp_path / "other", output)

    assert intact(tmp_path / "other", output)
