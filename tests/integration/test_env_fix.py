"""Damage mended by the real uv and pip: only what is damaged, told beforehand, and completed after any kill."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from groundwork.environment import check, create, repair
from groundwork.environment._layout import Layout
from groundwork.errors import EnvironmentBroken

sys.path.insert(0, str(Path(__file__).parent))  # helpers, and no part of the package

from system_call_faults import why_not
from wheels import only_wheels, write_wheel

pytestmark = pytest.mark.integration

SOURCE = str(Path(__file__).parents[2] / "src")
NAMES = ("first", "second", "third", "whole")
LOOKS = ["unfinished", "packages", "files", "conflicts"]

needs_uv = pytest.mark.skipif(
    shutil.which("uv") is None or subprocess.run(["uv", "--version"], capture_output=True).returncode != 0,
    reason="there is no uv that runs",
)
backends = pytest.mark.parametrize("backend", ["pip", pytest.param("uv", marks=needs_uv)])


class Shop:
    """A project with an environment of four small packages."""

    def __init__(self, folder, backend):
        self.folder, self.backend = folder, backend
        self.lock = folder / "requirements.lock"
        self.root = folder / "env"
        self.python = create(self.root, self.lock, backend=backend)
        self.site = Layout(self.root).site_packages
        self.healthy = self.files()

    def files(self):
        """Everything that the wheels brought, and the commands that were made for them."""
        wanted = [*(f"{name}/{file}.py" for name in NAMES for file in ("__init__", "more"))]
        wanted += [
            f"{name}-1.0.dist-info/{file}" for name in NAMES for file in ("METADATA", "WHEEL", "entry_points.txt")
        ]
        paths = [self.site / one for one in wanted] + [self.root / f"bin/{name}-more" for name in NAMES]
        others = [path.name for path in self.site.glob("*.dist-info") if path.name.startswith(NAMES)]
        return {str(path): path.read_bytes() if path.is_file() else None for path in paths} | {"": sorted(others)}

    def damage(self):
        """Delete a module of one, change a byte of another, take the metadata of a third."""
        (self.site / "first/more.py").unlink()
        changed = self.site / "second/__init__.py"
        text = changed.read_text()
        changed.unlink()  # uv links files from its cache, which is to stay whole
        changed.write_text("#" + text[1:])
        shutil.rmtree(self.site / "third-1.0.dist-info")

    def check(self):
        return check(self.python, only=LOOKS, lock=self.lock, workdir=self.folder)

    def errors(self):
        return [one.found for one in self.check() if one.severity != "ok"]

    def fix(self, *before, point=0):
        """Fix it in a process of its own, which dies at its n-th failpoint; 0 lets it live."""
        return subprocess.run(
            [*before, sys.executable, "-c", FIX, str(point), self.backend, str(self.python), str(self.lock)],
            env={**os.environ, "PYTHONPATH": SOURCE},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def tell_the_truth(self, step):
        """What check says now agrees with what there is."""
        whole, errors = self.files() == self.healthy, self.errors()
        assert errors or whole, step
        # Of a whole one it may say that the repair has not ended, and nothing else.
        assert not whole or all(one.startswith("a repair of") for one in errors), (step, errors)


FIX = """
import os, signal, sys
from groundwork import _failpoints
from groundwork.environment import _installer, check, repair

point, backend, python, lock = sys.argv[1:]
seen = []
run = _installer.run_online

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def watch(name):
    seen.append(name)
    if len(seen) == int(point):
        die()

def die_with_the_installer(*arguments, **options):
    try:
        return run(*arguments, **options)
    except _installer.EnvironmentBroken as error:
        if error.context.get("exit_code", 0) < 0:
            die()
        raise

_installer.run_online = die_with_the_installer
_failpoints.watch(watch)
repair(check(python, only=["unfinished", "packages", "files"], lock=lock), backend=backend)
print(*seen)
"""


@pytest.fixture
def backend():
    """The tests that are for both say so."""
    return "auto"


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Wheels, a lock, and the shops built of them so far: with pip one takes long."""
    folder = tmp_path_factory.mktemp("shops")
    lock = "".join([write_wheel(folder / "wheels", name) for name in NAMES])
    return folder, lock, {}


@pytest.fixture
def shop(shops, monkeypatch, backend):
    """Built with the backend of the test, in a folder with a space in its name; healthy."""
    folder, lock, built = shops
    for name, value in only_wheels(folder / "wheels", folder / "cache").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GROUNDWORK_BACKEND", backend)
    if backend not in built:
        home = folder / f"my {backend} shop"
        home.mkdir()
        (home / "requirements.lock").write_text(lock)
        built[backend] = Shop(home, backend)
    found = built[backend]
    repair(found.check(), backend=backend)
    assert found.files() == found.healthy
    return found


@backends
def test_only_what_is_damaged_is_installed_again(shop, groundwork):
    shop.damage()
    untouched = (shop.site / "whole/more.py").stat().st_mtime_ns, (shop.site / "whole").stat().st_mtime_ns

    refused = groundwork("env", "fix", "--python", shop.root, "--lock", shop.lock)
    done = groundwork("env", "fix", "--yes", "--json", "--python", shop.root, "--lock", shop.lock)

    assert (refused.returncode, "groundwork env fix --yes" in refused.stderr) == (2, True)
    assert json.loads(done.stdout)["mended"] == ["first", "second", "third"], done.stderr
    assert "hashes checked: first 1.0, second 1.0, third 1.0" in done.stderr
    assert (done.returncode, shop.files(), shop.errors()) == (0, shop.healthy, [])
    assert ((shop.site / "whole/more.py").stat().st_mtime_ns, (shop.site / "whole").stat().st_mtime_ns) == untouched


@backends
@pytest.mark.parametrize("record", [b"", b"\xff\xfe\x00,,", None], ids=["empty", "garbage", "missing"])
def test_package_with_a_broken_record_is_mended(shop, backend, record):
    path = shop.site / "first-1.0.dist-info/RECORD"
    path.unlink()
    if record is not None:
        path.write_bytes(record)

    repair(shop.check(), backend=backend)

    assert (shop.files(), shop.errors()) == (shop.healthy, [])


@backends
def test_drifted_version_is_replaced_and_leaves_no_metadata(shop, shops, backend):
    old = shop.folder / "old.lock"
    old.write_text(write_wheel(shops[0] / "wheels", "first", "0.9"))
    drifted = check(shop.python, only=["packages"], lock=old, workdir=shop.folder)
    repair(drifted, backend=backend)
    (shop.site / "first-0.9.dist-info/METADATA").unlink()

    repair(shop.check(), backend=backend)

    assert (shop.files(), shop.errors()) == (shop.healthy, [])


@backends
def test_flipped_hash_and_no_index_leave_all_as_it_was(shop, backend, monkeypatch):
    shop.damage()
    (shop.site / "first-1.0.dist-info/RECORD").write_text("")
    before, findings = shop.files(), shop.check()
    text = shop.lock.read_text()
    shop.lock.write_text(re.sub("sha256:.{8}", "sha256:00000000", text))

    with pytest.raises(EnvironmentBroken) as wrong:
        repair(findings, backend=backend)
    shop.lock.write_text(text)
    for name in ("PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.delenv(name)
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.setenv(name, "https://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_CACHE_DIR", str(shop.folder / "empty"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(shop.folder / "empty"))
    with pytest.raises(EnvironmentBroken) as offline:
        repair(findings, backend=backend)

    assert (wrong.value.code, offline.value.code) == ("hash_mismatch", "index_unreachable")
    assert shop.files() == before
    assert not any(one.startswith("a repair of") for one in shop.errors())


def sampled(uv, pip, every):
    """What is tried with uv, what with pip, which takes long, and what of both with --run-slow."""
    return [
        pytest.param("uv", uv, marks=needs_uv, id="uv"),
        pytest.param("pip", pip, id="pip"),
        *(pytest.param(backend, every, marks=pytest.mark.slow, id=f"{backend}-all") for backend in ("uv", "pip")),
    ]


STEPS = [
    *(f"environment.repair.{name}" for name in ("begun", "aside", "replaced", "installed")),
    "environment.stamp.before_ready",
    "environment.repair.noted",
]


@pytest.mark.parametrize(("backend", "steps"), sampled([3, 5], [3], range(1, 7)))
def test_killed_at_every_step_it_tells_the_truth_and_the_next_completes_it(shop, backend, steps):
    for step in steps:
        shop.damage()

        answer = shop.fix(point=step)

        assert answer.returncode == -signal.SIGKILL, (step, answer.stderr)
        shop.tell_the_truth(step)
        repair(shop.check(), backend=backend)
        assert (shop.files(), shop.errors()) == (shop.healthy, []), step
    shop.damage()
    assert shop.fix(point=0).stdout.split() == STEPS


CALLS = ["unlink,unlinkat,rmdir", "rename,renameat,renameat2", "link,linkat", "mkdir,mkdirat", "write"]


@pytest.mark.parametrize(
    ("backend", "points"),
    sampled(
        [(calls, 2) for calls in CALLS[:3]],
        [(calls, 2) for calls in CALLS[:2]],
        [(calls, number) for calls in CALLS for number in range(1, 300)],
    ),
)
def test_killed_with_its_installer_at_a_system_call(shop, backend, points):
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    ended = Counter()
    for calls, number in points:
        # strace counts by thread: past the last call of a kind, no run is killed any more.
        if ended[calls] > 2:
            continue
        shop.damage()

        answer = shop.fix("strace", "-f", "-qq", "-o", os.devnull, "-e", f"inject={calls}:signal=KILL:when={number}")

        shop.tell_the_truth((calls, number))
        repair(shop.check(), backend=backend)
        assert (shop.files(), shop.errors()) == (shop.healthy, []), (calls, number)
        ended[calls] += answer.returncode == 0
    assert sum(ended.values()) < len(points)


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
@pytest.mark.parametrize(("answer", "exit_code"), [(b"y\n", 0), (b"n\n", 1), (b"\x03", 130)], ids=["y", "n", "Ctrl-C"])
def test_at_a_terminal_it_asks_first(shop, groundwork, answer, exit_code):
    import pty

    shop.damage()
    ours, theirs = pty.openpty()
    line = groundwork.line("env", "fix", "--python", shop.root, "--lock", shop.lock)
    with subprocess.Popen(
        line, cwd=shop.folder, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as it:
        os.close(theirs)
        said = b""
        while b"Go on? [y/N]: " not in said:
            said += os.read(ours, 4096)
        if answer == b"\x03":
            it.send_signal(signal.SIGINT)
        else:
            os.write(ours, answer)
        try:
            while more := os.read(ours, 4096):
                said += more
        except OSError:
            pass  # the end of a terminal, as Linux tells it
    os.close(ours)

    assert it.returncode == exit_code, said.decode()
    assert (shop.errors() == []) == (exit_code == 0)
    assert (b"Installed again: first, second, third" in said) == (exit_code == 0)
