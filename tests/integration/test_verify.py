"""Claims are proven in processes of their own: one that hangs or exits costs nothing but itself."""

import json

import pytest
from typer.testing import CliRunner

import groundwork.course
from groundwork.cli._learn import app
from groundwork.course import Claim, Proof, claims_of, find_exercise, verify

pytestmark = pytest.mark.integration

EXERCISE = find_exercise("05")
HONEST = next(claim for claim in claims_of(EXERCISE) if claim.kind == "wrong")


def claim_of(folder, name, text):
    path = folder / f"{name}.py"
    path.write_text(text)
    # An absolute path stands for itself wherever it is looked for.
    return Claim("05", "wrong", str(path))


def test_one_that_ends_its_process_is_told_and_the_next_is_proven(tmp_path):
    claims = [claim_of(tmp_path, "exits", "import os\nos._exit(3)\n"), HONEST]
    told = []

    proofs = verify(claims, workers=1, on_proof=told.append)

    assert [("ended the process that ran it (exit 3)",), ()] == [proof.problems for proof in proofs]
    assert proofs == told


def test_one_that_hangs_is_killed_at_its_limit(tmp_path):
    [proof] = verify([claim_of(tmp_path, "hangs", "while True: pass\n")], limit_s=1.0)

    assert ("did not finish within 1 s",) == proof.problems


def test_what_a_subject_prints_is_not_shown(tmp_path, capfd):
    verify([claim_of(tmp_path, "prints", "import os\nprint('noise')\nos.system('echo noise')\nFAILS = []\n")])

    assert ("", "") == tuple(capfd.readouterr())


@pytest.mark.parametrize(("problems", "status"), [((), 0), (("fails a, which it does not name: no",), 1)])
def test_the_command_tells_what_does_not_hold(monkeypatch, problems, status):
    seen = tuple(check.id for check in EXERCISE.contract)

    def proven(claims, **options):
        return [Proof(claim, problems if claim == HONEST else (), 3, seen) for claim in claims]

    monkeypatch.setattr(groundwork.course, "verify", proven)
    told = CliRunner().invoke(app, ["verify", "05"])
    listed = CliRunner().invoke(app, ["verify", "05", "--json"])

    count = len(claims_of(EXERCISE))
    assert (status, status) == (told.exit_code, listed.exit_code)
    assert f"{count - status} of {count} claims hold" in told.stdout.splitlines()[0]
    assert [f"  x {HONEST.subject}  {problem}" for problem in problems] == told.stdout.splitlines()[1:-1]
    assert {"05": []} == json.loads(listed.stdout)["unseen"]
