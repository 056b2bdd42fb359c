import errno
import os
from pathlib import Path

import pytest

from groundwork.course import exercises, find_exercise, learner_text, library_files, library_parts
from groundwork.errors import StorageError


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.number)
def test_the_library_has_a_definition_for_each_name_that_is_asked_for(exercise):
    parts = library_parts(exercise)

    asked = {name for names in exercise.topics.values() for name in names}
    assert asked <= {part.name for part in parts}
    assert [] == [part.name for part in parts if not part.text]
    for part in parts:
        assert part.text.splitlines()[0] == part.file.read_text(encoding="utf-8").splitlines()[part.line - 1]


def test_the_files_are_those_that_define_it_and_beside_them_what_they_import():
    files, beside = library_files(find_exercise("04"))

    assert "_atomic.py" == files[0].name
    assert "_temporary.py" in [path.name for path in beside]
    assert not {*files} & {*beside}


def test_a_learners_definition_is_found_without_being_run(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("import os\nKEEP: int = 3\nA = B = 1\n@property\ndef retry():\n    os._exit(1)\nretry_s = 1\n")

    assert "@property\ndef retry():\n    os._exit(1)" == learner_text(file, "retry")
    assert ["KEEP: int = 3", "A = B = 1", ""] == [learner_text(file, name) for name in ("KEEP", "B", "missing")]


def test_a_file_that_may_not_be_read_is_told_and_not_taken_for_an_empty_one(tmp_path, monkeypatch):
    def refuse(path, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_text", refuse)

    with pytest.raises(StorageError, match=r"mine\.py: cannot read: Permission denied"):
        learner_text(tmp_path / "mine.py", "retry")


@pytest.mark.parametrize("text", ["def (:", "\x00"])
def test_a_file_that_is_not_python_has_no_definitions(tmp_path, text):
    file = tmp_path / "mine.py"
    file.write_text(text)

    assert "" == learner_text(file, "retry") == learner_text(tmp_path / "missing.py", "retry")
