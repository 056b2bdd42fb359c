"""Many processes on one store: each sees whole checkpoints only, and the newest is never lost."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from groundwork.storage import CheckpointStore, Keep, export_checkpoint, verify_checkpoint

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and kills with SIGKILL"),
]

# Imports once and forks, so that many processes start in no time and together.
DRIVER = """
import json, os, shutil, signal, sys, traceback, warnings
from pathlib import Path
import numpy as np
from groundwork import _failpoints
from groundwork.storage import CheckpointStore, Keep, load_checkpoint, verify_checkpoint

def play(script, names):
    try:
        exec(script, {**globals(), **names})
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

job = json.load(sys.stdin)
children = {}
for name, names in job["names"].items():
    child = os.fork()
    if child == 0:
        said = os.open(Path(job["said"]) / name, os.O_CREAT | os.O_WRONLY)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os._exit(play(job["before"] + job["scripts"][name], names))
    children[child] = name
ended = {}
while children:
    child, status = os.wait()
    ended[children.pop(child)] = os.waitstatus_to_exitcode(status)
print(json.dumps(ended))
"""

# Every role warns or raises where anything is not as promised; the test wants them silent.
BEFORE = """
warnings.simplefilter("error")
root = Path(root)
store = CheckpointStore(root, keep=Keep(last=2, best=("loud", 1), every=1000))

def model(value):
    return {name: np.full(2000, float(value)) for name in "abc"}

def save(step):
    store.save(model(step), step=step, metrics={"loud": -step}, files={"step": str(step).encode()})

def check(checkpoint):
    values = {float(value) for array in checkpoint.model.values() for value in array}
    assert len(values) == 1, values
    return checkpoint.info.step
"""

ROLES = {
    "saver of odd steps": """
for step in range(1, 2 * rounds, 2):
    save(step)
    assert store.info().step >= step, "the newest is lost"
""",
    "saver of even steps": """
for step in range(2, 2 * rounds, 2):
    save(step)
    assert check(store.load()) >= step, "the newest is lost"
""",
    "replacer of one step": """
for number in range(rounds):
    store.save(model(number), step=0, metrics={"loud": 0})
""",
    "loader": """
newest = -1
for _ in range(2 * rounds):
    found = check(store.load())
    assert found >= newest, "the newest was lost"
    newest = found
    assert check(store.load(0)) == 0
    assert check(store.load("best")) == 0
""",
    "pruner": """
for _ in range(2 * rounds):
    store.prune()
    assert store.list()[0].step == 0, "a step that is being replaced is missing"
""",
    "verifier": """
for _ in range(2 * rounds):
    found = store.verify()
    assert 0 in found and set(found.values()) == {None}, found
    assert not [stray for stray in store.strays() if not stray.path.name.endswith(".gw-tmp")]
""",
    "exporter": """
out = root.parent / "out"
for number in range(rounds):
    store.export("latest", out / f"{number}")
    check(load_checkpoint(out / f"{number}"))
    store.export(0, out / f"{number}.zip")
    shutil.unpack_archive(out / f"{number}.zip", out / f"unpacked-{number}")
    assert verify_checkpoint(out / f"unpacked-{number}" / "step-00000000") is None
""",
}

POINTS = ["before_write", "before_manifest", "before_rename", "between_renames", "after_rename"]

# Dies at the fourth time that it comes there.
KILLED = """
steps = iter(range(100))
reached = iter(range(100))
_failpoints.arm(point, lambda: next(reached) == 3 and os.kill(os.getpid(), signal.SIGKILL))
while True:
    save(2 * (next(steps) // 2))
"""

KILLED_EXPORT = """
_failpoints.arm("storage.export.before_rename", lambda: os.kill(os.getpid(), signal.SIGKILL))
store.export("latest", root.parent / "out")
"""


def played(folder, scripts, **names):
    """Play the roles at once; return what each said and how it ended, once all have."""
    said = folder / "said"
    said.mkdir()
    job = {
        "before": BEFORE,
        "said": str(said),
        "scripts": scripts,
        "names": {name: {"root": str(folder / "store"), "point": name, **names} for name in scripts},
    }
    # Forking beside the threads of numeric libraries is warned of; they are idle.
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", DRIVER],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return {name: ((said / name).read_text(), code) for name, code in json.loads(done.stdout).items()}


def first_checkpoint(root):
    store = CheckpointStore(root, keep=Keep(last=2, best=("loud", 1), every=1000))
    store.save({name: np.zeros(2000) for name in "abc"}, step=0, metrics={"loud": 0})
    return store


def test_saving_loading_pruning_verifying_and_exporting_at_once_disturb_each_other_in_nothing(tmp_path):
    root, rounds = tmp_path / "store", 20
    store = first_checkpoint(root)

    said = played(tmp_path, ROLES, rounds=rounds)
    store.prune()

    assert dict.fromkeys(ROLES, ("", 0)) == said
    assert {0: None, 2 * rounds - 2: None, 2 * rounds - 1: None} == store.verify()
    assert [".lock", "step-00000000", "step-00000038", "step-00000039"] == sorted(os.listdir(root))
    assert [] == [name for name in os.listdir(tmp_path / "out") if name.startswith(".")]


def test_savers_killed_in_the_middle_of_others_leave_whole_checkpoints_and_nothing_else(tmp_path):
    root, rounds = tmp_path / "store", 20
    store = first_checkpoint(root)
    points = [f"storage.checkpoint.{each}" for each in POINTS]
    alive = {name: ROLES[name] for name in ("saver of odd steps", "loader")}

    said = played(tmp_path, {**dict.fromkeys(points, KILLED), **alive}, rounds=rounds)
    verified = store.verify()
    again = CheckpointStore(root)

    assert {**dict.fromkeys(points, ("", -signal.SIGKILL)), **dict.fromkeys(alive, ("", 0))} == said
    assert {None} == set(verified.values())
    assert (2 * rounds - 1, []) == (again.load().info.step, again.strays())
    assert {".lock", *(f"step-{step:08d}" for step in verified)} == set(os.listdir(root))


def test_a_killed_export_shows_nothing_and_the_next_one_cleans_up(tmp_path):
    info = first_checkpoint(tmp_path / "store").info()

    said = played(tmp_path, {"exporter": KILLED_EXPORT})
    left = sorted(os.listdir(tmp_path))
    export_checkpoint(info.path, tmp_path / "out")

    assert {"exporter": ("", -signal.SIGKILL)} == said
    assert (True, "said", "store") == (left[0].endswith(".gw-tmp"), *left[1:])
    assert (["out", "said", "store"], None) == (sorted(os.listdir(tmp_path)), verify_checkpoint(tmp_path / "out"))
