import importlib
import os
import pathlib
import sys
import threading
import types
from pathlib import Path

import pytest

from groundwork import course
from groundwork.course import _guard
from groundwork.course._answers import Answers, Refused, answers_to, files_of
from groundwork.course._guard import (
    _PACKAGE,
    _importing,
    _look,
    allowed_imports,
    guard,
    is_allowed,
    provided_modules,
    refusal_of,
    warm_modules,
)

STORAGE = "groundwork.testing.contracts.storage"
OWN = "/home/learner/04/"
ERRORS = ("groundwork.errors",)
NONE = Refused(Answers(), {})


def frame_of(filename):
    """A frame of code that is said to be in that file."""
    space = {"sys": sys}
    exec(compile("frame = sys._getframe()", filename, "exec"), space)
    return space["frame"]


@pytest.mark.parametrize(
    "source",
    [
        "import groundwork",
        "import json, groundwork.storage",
        "from groundwork.storage import atomic_write",
        "from groundwork import storage",
        "def late():\n    import groundwork.storage as mine",
        "name = 'groundwork.storage'",
        "name = 'groundwork.errors', 'groundwork.storage._atomic'",
    ],
)
def test_a_text_that_imports_the_library_is_refused_with_its_line(source):
    line = 1 + source.count("\n")

    assert refusal_of(source, ERRORS).startswith(f"line {line}: importing groundwork")


@pytest.mark.parametrize(
    "source",
    [
        "import json",
        "from groundwork.errors import Overloaded",
        "from groundwork import errors",
        "from . import groundwork",
        '"""As groundwork.storage does."""',
        "name = 'groundwork'",
        "name = 'groundwork.estimators'",
        "name = 'groundwork.storage is a part'",
        "import groundwork_of_mine",
        "def (:",
        "\0",
    ],
)
def test_what_is_allowed_or_no_import_is_not_refused(source):
    assert refusal_of(source, ERRORS) is None


def test_files_of_the_course_itself_may_import_everything():
    exercise = course.find_exercise("04")

    assert allowed_imports(STORAGE, exercise.path / "wrong" / "any.py") == ("groundwork",)
    assert allowed_imports(STORAGE, Path("learn/04_file_io/storage.py")) == ERRORS
    assert allowed_imports("small_contract", Path("any.py")) == ERRORS


def test_what_is_allowed_counts_with_all_below_it():
    assert is_allowed("groundwork.data.rows", ["groundwork.data"])
    assert not is_allowed("groundwork.data_of_others", ["groundwork.data"])
    assert is_allowed("polars", [])


def test_what_an_exercise_gives_beside_the_file_can_be_imported():
    [folder] = provided_modules("groundwork.testing.contracts.testing")

    assert (Path(folder) / "intake.py").is_file()
    assert [] == provided_modules("small_contract")
    assert (["numpy"], []) == (warm_modules(STORAGE), warm_modules("small_contract"))


def test_only_groundwork_imports_groundwork():
    own, ours = frame_of(f"{OWN}storage.py"), frame_of(f"{_PACKAGE}testing/_lab.py")

    _look("import", ("groundwork.storage", None), ours, ERRORS, OWN, NONE)
    _look("import", ("polars", None), own, ERRORS, OWN, NONE)
    with pytest.raises(ImportError, match=r"importing groundwork\.storage is refused"):
        _look("import", ("groundwork.storage", None), own, ERRORS, OWN, NONE)


@pytest.mark.parametrize("path", ["storage/__init__.py", "course/exercises/04_file_io/alternative/storage.py"])
def test_the_librarys_source_is_not_read(path):
    with pytest.raises(PermissionError, match="is refused"):
        _look("open", (f"{_PACKAGE}{path}", "r", 0), frame_of(f"{OWN}storage.py"), ERRORS, OWN, NONE)


def test_a_path_is_read_by_whoever_asks_it_to():
    modules = f"{_PACKAGE}course/exercises/07_testing/modules/in_stages.py"
    frames = {}
    for who, filename in (("ours", f"{_PACKAGE}testing/contracts/x.py"), ("own", f"{OWN}test_suite.py")):
        space = {"read": types.FunctionType(compile("__import__('sys')._getframe()", pathlib.__file__, "eval"), {})}
        exec(compile("frame = read()", filename, "exec"), space)
        frames[who] = space["frame"]

    _look("open", (modules, "r", 0), frames["ours"], ERRORS, OWN, NONE)
    with pytest.raises(PermissionError, match="is refused"):
        _look("open", (modules, "r", 0), frames["own"], ERRORS, OWN, NONE)


@pytest.mark.parametrize(
    "path", [f"{_PACKAGE}errors.py", f"{_PACKAGE}course/exercises/07/starter/intake.py", "x.py", 3]
)
def test_other_files_are_read(path):
    _look("open", (path, "r", 0), frame_of(f"{OWN}storage.py"), ERRORS, OWN, NONE)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", ""])
def test_loopback_is_reached(host):
    _look("socket.connect", (None, (host, 80)), None, ERRORS, OWN, NONE)


@pytest.mark.parametrize("host", ["192.0.2.1", "example.org", "fe80::1%eth0"])
def test_nothing_else_is_reached(host):
    with pytest.raises(PermissionError, match="only loopback is there"):
        _look("socket.sendto", (None, (host, 80)), None, ERRORS, OWN, NONE)


def test_a_unix_socket_is_reached():
    _look("socket.connect", (None, "/tmp/socket"), None, ERRORS, OWN, NONE)


def test_frames_and_the_collector_are_not_for_the_learners_code():
    own = frame_of(f"{OWN}storage.py")

    _look("sys._getframe", (), frame_of("/lib/logging.py"), ERRORS, OWN, NONE)
    _look("object.__getattr__", (None, "__code__"), own, ERRORS, OWN, NONE)
    for event, arguments in (("gc.get_objects", ()), ("sys._getframe", ()), ("object.__getattr__", (None, "tb_frame"))):
        with pytest.raises(PermissionError, match="not yours to look at"):
            _look(event, arguments, own, ERRORS, OWN, NONE)


def test_the_usual_way_to_import_by_name_is_looked_at_where_the_learners_code_calls_it():
    load = _importing(lambda name, package: name, ERRORS, OWN)
    calls = compile("found = load(name)", f"{OWN}storage.py", "exec")

    assert "groundwork.storage" == load("groundwork.storage")
    exec(calls, space := {"load": load, "name": "groundwork.errors"})
    assert "groundwork.errors" == space["found"]
    with pytest.raises(ImportError, match="is refused"):
        exec(calls, {"load": load, "name": "groundwork.storage"})


def test_the_hook_looks_once_and_only_at_what_it_knows(monkeypatch):
    hooks, plain = [], importlib.import_module
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    monkeypatch.setattr(importlib, "import_module", plain)

    guard(ERRORS, OWN, Answers())
    [hook] = hooks
    hook("compile", ())
    hook("socket.connect", (None, ("127.0.0.1", 80)))

    for _ in range(2):
        with pytest.raises(PermissionError):
            hook("socket.connect", (None, ("192.0.2.1", 80)))
    assert importlib.import_module is not plain


def test_no_code_at_all_imports_an_answer():
    ours, refused = frame_of(f"{_PACKAGE}testing/_lab.py"), Refused(answers_to([STORAGE]), {})

    _look("import", ("groundwork.testing", None), ours, ERRORS, OWN, refused)
    with pytest.raises(ImportError, match=r"importing groundwork\.storage\._atomic is refused"):
        _look("import", ("groundwork.storage._atomic", None), ours, ERRORS, OWN, refused)


def test_whoever_cannot_be_told_is_not_groundwork():
    with pytest.raises(ImportError, match="is refused"):
        _look("import", ("groundwork.storage", None), None, ERRORS, OWN, NONE)


def test_what_is_an_answer_is_not_opened(tmp_path):
    answer = tmp_path / "storage.py"
    answer.touch()
    refused = Refused(Answers((), (str(tmp_path),)), dict(files_of([str(tmp_path)])))

    with pytest.raises(PermissionError, match=r"storage\.py is refused"):
        _look("open", (os.fsencode(answer), "r", 0), frame_of(f"{_PACKAGE}testing/_lab.py"), ERRORS, OWN, refused)


def test_while_one_thread_is_looked_at_another_is_as_well(monkeypatch):
    hooks, looked = [], []
    monkeypatch.setattr(sys, "addaudithook", hooks.append)
    monkeypatch.setattr(importlib, "import_module", importlib.import_module)

    def look(event, arguments, *_):
        looked.append(arguments)
        if arguments == ("first",):
            hook("open", ("own look",))
            other = threading.Thread(target=hook, args=("open", ("meanwhile",)))
            other.start()
            other.join()

    monkeypatch.setattr(_guard, "_look", look)
    guard(ERRORS, OWN, Answers())
    [hook] = hooks

    hook("open", ("first",))

    assert [("first",), ("meanwhile",)] == looked
