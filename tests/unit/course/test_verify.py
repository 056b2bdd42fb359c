"""What an exercise's files must do is proven by running them; here with files that do not do it."""

import dataclasses

import pytest

from groundwork.course import Claim, Proof, _verify, claims_of, exercises, find_exercise, prove, unseen

EXERCISE = find_exercise("05")
TOPIC = next(iter(EXERCISE.topics))
FIRST = EXERCISE.contract[0].id


@pytest.fixture
def proven(tmp_path, monkeypatch):
    """Proves a file of the given text, as one of an exercise that has nothing else."""

    def run(kind, text, **changes):
        exercise = dataclasses.replace(EXERCISE, folder=str(tmp_path), **changes)
        monkeypatch.setattr(_verify, "find_exercise", lambda number: exercise)
        (tmp_path / f"{kind}.py").write_text(text)
        return prove(Claim("05", kind, f"{kind}.py"))

    return run


@pytest.mark.parametrize("exercise", exercises(), ids=lambda exercise: exercise.number)
def test_an_exercise_claims_something_of_each_of_its_files(exercise):
    claims = claims_of(exercise)

    assert len(list((exercise.path / "wrong").glob("*.py"))) == sum(claim.kind == "wrong" for claim in claims)
    assert {"starter", "alternative", "wrong"} <= {claim.kind for claim in claims}
    assert bool(exercise.library) == ("library" in {claim.kind for claim in claims})


@pytest.mark.parametrize("kind", ["starter", "library", "alternative", "wrong"])
def test_what_is_claimed_of_exercise_05_holds(kind):
    claim = next(claim for claim in claims_of(EXERCISE) if claim.kind == kind)

    proof = prove(claim)

    assert () == proof.problems
    assert proof.checks > 5


def test_a_starter_that_passes_a_check_is_found(proven):
    text = (EXERCISE.path / "alternative" / EXERCISE.file).read_text(encoding="utf-8")

    proof = proven("starter", text)

    assert f"{FIRST} passes" in proof.problems


def test_an_alternative_that_fails_is_found(proven):
    text = (EXERCISE.path / "starter" / EXERCISE.file).read_text(encoding="utf-8")

    proof = proven("alternative", text)

    assert any(problem.startswith(f"{FIRST}: not written yet") for problem in proof.problems)


def test_a_library_that_lacks_a_part_is_found(proven):
    proof = proven("library", "", library=("groundwork.errors",))

    assert proof.problems[0].startswith("none of library.py has retry")


def test_a_wrong_one_that_says_too_much_or_too_little_is_found(proven):
    right = (EXERCISE.path / "alternative" / EXERCISE.file).read_text(encoding="utf-8")
    starter = (EXERCISE.path / "starter" / EXERCISE.file).read_text(encoding="utf-8")

    nothing = proven("wrong", starter)
    harmless = proven("wrong", f"{right}\nFAILS = {[FIRST, 'no_such_check']!r}\n")
    waiting = proven("wrong", f"{starter}\nFAILS = {[check.id for check in TOPIC]!r}\n")

    assert "names no check in FAILS" == nothing.problems[0]
    assert any(problem.startswith(f"fails {FIRST}, which it does not name: ") for problem in nothing.problems)
    assert {"names no_such_check, which the contract does not have", f"does not fail {FIRST}, which it names"} == {
        *harmless.problems
    }
    assert any("which it names, waits for" in problem for problem in waiting.problems)


def test_a_file_that_cannot_be_imported_is_a_finding(proven):
    assert ("RuntimeError: no",) == proven("wrong", "raise RuntimeError('no')\n").problems


def test_a_check_that_no_wrong_implementation_fails_is_told():
    proofs = [Proof(Claim("05", "wrong", "a.py"), (), 1, tuple(check.id for check in EXERCISE.contract[1:]))]

    assert [FIRST] == unseen(EXERCISE, proofs)


def test_a_part_that_takes_nothing_of_the_library_claims_nothing_of_it():
    exercise = dataclasses.replace(EXERCISE, library=())

    assert "library" not in {claim.kind for claim in claims_of(exercise)}
    assert "05 wrong/x.py" == str(Claim("05", "wrong", "wrong/x.py"))
