import asyncio
import os
import random
import secrets
import sys
import time
import types

import pytest

from groundwork.testing.contracts._suite_watch import Watch


@pytest.fixture
def watch(tmp_path, monkeypatch):
    """One that watches a folder and whose replacements end with the test; its audit hook is called by hand."""
    for owner, name in ((time, "sleep"), (asyncio, "sleep"), (random.Random, "seed"), (secrets, "randbits")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    monkeypatch.setattr(sys, "addaudithook", lambda hook: None)
    here = tmp_path / "here"
    here.mkdir()
    watch = Watch(tmp_path / "intake.py", (here,), tmp_path / "hidden")
    watch.install()
    watch.test = "test_x"
    return watch


def kinds(watch):
    return [(kind, sentence) for kind, _, sentence in watch.found]


def test_a_sleep_is_noted_once_and_takes_no_time(watch):
    time.sleep(1e6)
    time.sleep(1e6)
    asyncio.run(asyncio.sleep(1e6))
    asyncio.run(asyncio.sleep(0))

    assert [("sleeps", "time.sleep(1e+06)"), ("sleeps", "asyncio.sleep(1e+06)")] == kinds(watch)


def test_a_generator_without_a_seed_is_noted_and_one_with_a_seed_is_not(watch):
    random.Random(7)
    assert [] == watch.found

    random.Random()
    secrets.randbits(8)

    assert [("draws", "random.Random() without a seed"), ("draws", "a generator without a seed")] == kinds(watch)


def test_the_chance_of_a_library_is_its_own(watch):
    code = compile("import random\nrandom.Random()", pytest.__file__, "exec")

    exec(code, {})

    assert [] == watch.found


@pytest.mark.parametrize(
    ("event", "arguments", "host"),
    [
        ("socket.connect", (None, ("127.0.0.1", 80)), "127.0.0.1"),
        ("socket.bind", (None, ("", 80)), ""),
        ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0), "localhost"),
    ],
)
def test_a_connection_within_the_machine_is_noted(watch, event, arguments, host):
    watch._on_audit(event, arguments)

    assert [("connects", f"{event} {host}")] == kinds(watch)


def test_a_connection_to_elsewhere_is_refused(watch):
    with pytest.raises(OSError, match="no network"):
        watch._on_audit("socket.getaddrinfo", ("example.org", 80, 0, 0, 0))

    assert [("connects", "socket.getaddrinfo example.org")] == kinds(watch)


def test_reading_the_module_is_noted_and_other_files_are_not(watch, tmp_path):
    for path in (tmp_path / "intake.py", tmp_path / "hidden" / "other.py", tmp_path / "mine.txt"):
        watch._on_audit("open", (str(path), "r", 0))
    watch._on_audit("open", (3, "r", 0))

    assert [("reads", "reads intake.py"), ("reads", "reads other.py")] == kinds(watch)


def test_reading_by_an_installed_package_is_its_own_business(watch, tmp_path):
    code = compile("watch._on_audit('open', (path, 'r', 0))", pytest.__file__, "exec")

    exec(code, {"watch": watch, "path": str(tmp_path / "intake.py")})

    assert [] == watch.found


def test_what_is_left_is_named(watch, tmp_path, monkeypatch):
    subject = types.ModuleType("intake")
    subject.clean = len
    (tmp_path / "here" / "old.txt").write_text("1")
    monkeypatch.setenv("OLD", "1")
    watch.begin(subject)

    (tmp_path / "here" / "new.txt").write_text("1")
    (tmp_path / "here" / "old.txt").unlink()
    (tmp_path / "here" / "__pycache__").mkdir()
    (tmp_path / "here" / "__pycache__" / "x.pyc").touch()
    monkeypatch.setenv("OLD", "2")
    subject.clean = sum
    state = random.getstate()
    random.random()
    watch.end(subject)
    random.setstate(state)

    assert {
        ("leaves", "the file new.txt is there now"),
        ("leaves", "the file old.txt is gone"),
        ("leaves", "the variable OLD is another"),
        ("leaves", "intake.clean is another"),
        ("draws", "the global generator of random was drawn from or seeded"),
    } == set(kinds(watch))


def test_a_seed_sets_every_global_generator(watch):
    import numpy as np

    before, numpys = random.getstate(), np.random.get_state()
    told = []
    for _ in range(2):
        watch.seed(5)
        told.append((random.random(), np.random.random()))
    random.setstate(before)
    np.random.set_state(numpys)

    assert told[0] == told[1]
    assert os.getcwd() == watch._state(types.ModuleType("intake"))["the working folder"]
