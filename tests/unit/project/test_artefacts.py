import pytest

from groundwork.project._artefacts import artefact, copy_artefacts, intact


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
