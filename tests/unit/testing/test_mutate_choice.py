import pytest

from groundwork.errors import UsageError
from groundwork.testing import MutationResult, Tried, choose_mutants, mutate


@pytest.fixture
def files(tmp_path):
    (tmp_path / "pkg" / ".venv").mkdir(parents=True)
    (tmp_path / "pkg" / "one.py").write_text("A = 1\nB = 2\n", encoding="utf-8")
    (tmp_path / "pkg" / "two.py").write_text("def f(a):\n    return a < 3\n", encoding="utf-8")
    (tmp_path / "pkg" / ".venv" / "others.py").write_text("C = 1\n", encoding="utf-8")
    return tmp_path / "pkg"


def test_a_folder_stands_for_its_files_and_not_for_what_is_installed_in_it(files):
    found = choose_mutants([files])

    assert [("one.py", 1), ("one.py", 2), ("two.py", 2), ("two.py", 2), ("two.py", 2)] == [
        (each.file.name, each.line) for each in found
    ]


def test_a_file_that_is_named_twice_counts_once(files):
    assert choose_mutants([files]) == choose_mutants([files, files / "one.py"])


def test_a_mutant_is_chosen_by_its_id(files):
    wanted = choose_mutants([files])[1]

    assert [wanted] == choose_mutants([files], only=[wanted.id])


def test_an_unknown_id_is_refused(files):
    with pytest.raises(UsageError, match="no mutant 00000000"):
        choose_mutants([files], only=["00000000"])


def test_the_seed_decides_the_draw(files):
    draws = {tuple(each.id for each in choose_mutants([files], sample=2, seed=seed)) for seed in range(20)}

    assert {2} == set(map(len, draws))
    assert len(draws) > 5
    assert choose_mutants([files], sample=3, seed=5) == choose_mutants([files], sample=3, seed=5)


def test_what_compiles_to_the_same_is_no_mutant(tmp_path):
    (tmp_path / "code.py").write_text("def f():\n    if 0:\n        return 1 + 1\n", encoding="utf-8")

    assert ["0 becomes 1"] == [each.change for each in choose_mutants([tmp_path])]


@pytest.mark.parametrize("name", ["none", "none.py"])
def test_a_path_that_is_not_there_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="does not exist"):
        mutate([tmp_path / name])


def test_a_folder_without_code_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no file of Python"):
        mutate([tmp_path])


def test_a_file_with_nothing_to_change_needs_no_test(tmp_path):
    (tmp_path / "empty.py").write_text('"""Words."""\n', encoding="utf-8")

    found = mutate([tmp_path])

    assert ((), 1.0, 0) == (found.tried, found.score, found.tests)


def test_the_score_counts_whatever_no_test_notices(files):
    mutants = choose_mutants([files])
    statuses = ("killed", "timeout", "survived", "no tests", "killed")
    found = MutationResult(tuple(map(Tried, mutants, statuses)), 7, 1.5)

    plain = found.to_dict()

    assert 0.6 == found.score == plain["score"]
    assert ["survived", "no tests"] == [each.status for each in found.unnoticed]
    assert {"killed": 2, "timeout": 1, "survived": 1, "no tests": 1} == plain["counts"]
    assert (7, 1.5, "A = 1") == (plain["tests"], plain["seconds"], plain["mutants"][0]["text"])
