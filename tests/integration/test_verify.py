"""Claims are proven in processes of their own: one that hangs or exits costs nothing but itself."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import groundwork.course
from groundwork.cli._learn import app
from groundwork.course import Claim, Proof, _verify, claims_of, find_exercise, verify

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


def test_one_that_hangs_is_killed_at_its_limit_and_leaves_nothing(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    text = (
        f"import tempfile\nfrom pathlib import Path\nPath({str(tmp_path / 'made')!r}).write_text(tempfile.mkdtemp())\n"
    )

    [proof] = verify([claim_of(tmp_path, "hangs", f"{text}while True: pass\n")], limit_s=3.0)

    assert ("did not finish within 3 s",) == proof.problems
    assert str(temporary.resolve()) in str(Path((tmp_path / "made").read_text()).resolve())
    assert [] == list(temporary.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows holds no signal back")
def test_a_ctrl_c_while_a_worker_starts_is_the_commands_alone(tmp_path):
    process, channel = _verify._start(str(tmp_path))
    os.kill(process.pid, signal.SIGINT)

    channel.send(HONEST)
    proof = channel.recv()
    channel.close()
    process.join()

    assert (HONEST, (), 0) == (proof.claim, proof.problems, process.exitcode)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel does not tell a child of its parent's end")
def test_no_worker_outlives_the_command(tmp_path):
    import fcntl

    held = tmp_path / "held"
    subject = claim_of(
        tmp_path,
        "holds",
        f"import fcntl\nfile = open({str(held)!r}, 'w')\nfcntl.flock(file, fcntl.LOCK_EX)\n"
        "print('held', file=file, flush=True)\nwhile True: pass\n",
    ).subject
    command = f"from groundwork.course import Claim, verify\nverify([Claim('05', 'wrong', {subject!r})])"
    parent = subprocess.Popen([sys.executable, "-c", command], env={**os.environ, "TMPDIR": str(tmp_path)})
    end = time.monotonic() + 60
    while not (held.exists() and held.read_text()) and time.monotonic() < end:
        time.sleep(0.01)

    parent.kill()
    parent.wait()

    with held.open() as file:
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(0.01)
        else:
            pytest.fail("the worker still holds its file")


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
