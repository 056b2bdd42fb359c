import importlib
import sys

import pytest

from groundwork.testing._mutant_loading import ImportMutant, exchange, functions_by_code, loaded_from
from groundwork.testing._mutants import compile_mutant, find_mutants

SOURCE = """
import functools


def twice(fn):
    @functools.wraps(fn)
    def wrapper(*args):
        return fn(*args) * 2
    return wrapper


@twice
def decorated(n):
    return n + 1


class Box:
    @property
    def size(self):
        return 3

    @staticmethod
    def most(a, b):
        return max(a, b) if a is not None else 0

    @classmethod
    def make(cls):
        return cls()


def counter(step):
    def count():
        nonlocal step
        step += 1
        return step
    return count


kept = counter(10)
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "changed_code.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("changed_code")
    sys.modules.pop("changed_code", None)


def put_in(tmp_path, change, text):
    file = tmp_path / "changed_code.py"
    mutant = next(each for each in find_mutants(file) if (each.change, each.text) == (change, text))
    functions = functions_by_code([file.resolve()])
    return exchange(functions, compile_mutant(file, mutant.number), mutant.function, mutant.first_line)


def test_a_decorated_function_gets_the_mutant(tmp_path, module):
    assert put_in(tmp_path, "+ becomes -", "return n + 1")

    assert 8 == module.decorated(5)


def test_a_wrapper_that_has_been_made_already_gets_the_mutant(tmp_path, module):
    assert put_in(tmp_path, "* becomes /", "return fn(*args) * 2")

    assert 3.0 == module.decorated(5)


def test_a_property_and_a_static_method_get_the_mutant(tmp_path, module):
    assert put_in(tmp_path, "3 becomes 4", "return 3")
    assert put_in(tmp_path, "is not becomes is", "return max(a, b) if a is not None else 0")

    assert 4 == module.Box().size
    assert 0 == module.Box.most(1, 2)


def test_a_closure_keeps_what_it_holds(tmp_path, module):
    assert put_in(tmp_path, "1 becomes 2", "step += 1")

    assert [12, 14] == [module.kept(), module.kept()]


def test_a_closure_that_would_lose_what_it_holds_needs_a_new_process(tmp_path, module):
    assert not put_in(tmp_path, "returns None", "return fn(*args) * 2")


def test_what_is_no_longer_there_needs_a_new_process(tmp_path, module):
    file = tmp_path / "changed_code.py"

    assert not exchange({}, compile_mutant(file, 0), "decorated", 12)
    assert not exchange(functions_by_code([file.resolve()]), compile_mutant(file, 0), "unknown", 1)


def test_an_import_gives_the_mutant_of_one_file_alone(tmp_path, monkeypatch):
    package = tmp_path / "changed_package"
    package.mkdir()
    (package / "__init__.py").write_text("from changed_package.inner import LIMIT\nNAME = 'n'\n", encoding="utf-8")
    (package / "inner.py").write_text("LIMIT = 10\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    finder = ImportMutant(package / "inner.py", 0)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    try:
        found = importlib.import_module("changed_package")

        assert (11, "n") == (found.LIMIT, found.NAME)
        assert [sys.modules["changed_package.inner"]] == loaded_from((package / "inner.py").resolve())
        assert str(package / "inner.py") == sys.modules["changed_package.inner"].__file__
    finally:
        for name in ("changed_package", "changed_package.inner"):
            sys.modules.pop(name, None)


def test_a_package_itself_can_be_the_mutant(tmp_path, monkeypatch):
    package = tmp_path / "changed_whole"
    package.mkdir()
    (package / "__init__.py").write_text("LIMIT = 10\n", encoding="utf-8")
    (package / "inner.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [ImportMutant(package / "__init__.py", 0), *sys.meta_path])
    try:
        found = importlib.import_module("changed_whole")
        importlib.import_module("changed_whole.inner")

        assert 11 == found.LIMIT
    finally:
        for name in ("changed_whole", "changed_whole.inner"):
            sys.modules.pop(name, None)
