import math
import os
import sys

import pytest

from groundwork.errors import UsageError
from groundwork.testing import load_subject
from groundwork.testing._subject import source_of


def test_a_file_is_executed_anew_at_each_load(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from dataclasses import dataclass\n@dataclass\nclass Point:\n    x: int\n")

    first, second = load_subject(file), load_subject(str(file))

    assert first.Point is not second.Point
    assert str(file) == source_of(first)


def test_an_edit_within_the_same_second_and_of_the_same_size_is_seen(tmp_path):
    file = tmp_path / "mine.py"
    seen = []
    for value in (1, 2):
        file.write_text(f"value = {value}\n")
        os.utime(file, (1_000_000_000, 1_000_000_000))
        seen.append(load_subject(file).value)

    assert seen == [1, 2]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]


def test_a_name_is_imported_as_usual():
    assert math is load_subject("math")
    assert source_of(math) == "math"


def test_a_missing_file_is_the_callers_mistake(tmp_path):
    with pytest.raises(UsageError, match="is not a Python file"):
        load_subject(tmp_path / "missing.py")


def test_a_file_that_is_no_python_file_is_the_callers_mistake(tmp_path):
    (tmp_path / "mine.txt").write_text("x = 1")

    with pytest.raises(UsageError, match=r"ends in \.py"):
        load_subject(tmp_path / "mine.txt")


def test_an_error_on_import_goes_through_and_leaves_no_half_module(tmp_path):
    (tmp_path / "broken_on_import.py").write_text("1 / 0")

    with pytest.raises(ZeroDivisionError):
        load_subject(tmp_path / "broken_on_import.py")

    assert not [name for name in sys.modules if name.endswith("broken_on_import")]
