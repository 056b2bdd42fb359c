import ast
from pathlib import Path

import pytest

from groundwork.errors import UsageError
from groundwork.testing._mutants import compile_mutant, find_mutants

OWN = sorted((Path(__file__).parents[3] / "src" / "groundwork" / "resilience").glob("*.py"))


def mutants_of(tmp_path, source):
    file = tmp_path / "code.py"
    file.write_text(source, encoding="utf-8")
    return find_mutants(file)


def value_of_x(tmp_path, source, change):
    """Run the mutant, and return what it makes of x."""
    mutant = next(each for each in mutants_of(tmp_path, source) if each.change == change)
    names = {}
    exec(compile_mutant(mutant.file, mutant.number), names)
    return names["x"]


@pytest.mark.parametrize(
    ("source", "change", "value"),
    [
        ("a = 2\nx = a < a", "< becomes <=", True),
        ("a = 2\nx = a <= a", "<= becomes <", False),
        ("a = 2\nx = a > a", "> becomes >=", True),
        ("a = 2\nx = a >= a", ">= becomes >", False),
        ("a = 2\nx = a == a", "== becomes !=", False),
        ("a = 2\nx = a != a", "!= becomes ==", True),
        ("a = 2\nx = a is a", "is becomes is not", False),
        ("a = 2\nx = a is not a", "is not becomes is", True),
        ("a = ()\nx = a in [a]", "in becomes not in", False),
        ("a = ()\nx = a not in [a]", "not in becomes in", True),
        ("a = 6\nx = a + a", "+ becomes -", 0),
        ("a = 6\nx = a - a", "- becomes +", 12),
        ("a = 6\nx = a * a", "* becomes /", 1.0),
        ("a = 6\nx = a / a", "/ becomes *", 36),
        ("a = 6\nx = a // a", "// becomes /", 1.0),
        ("a = 6\nx = a % a", "% becomes *", 36),
        ("a = 6\nx = a ** a", "** becomes *", 36),
        ("a = 1\nx = a << a", "<< becomes >>", 0),
        ("a = 1\nx = a >> a", ">> becomes <<", 2),
        ("a, b = 1, 2\nx = a & b", "& becomes |", 3),
        ("a, b = 1, 2\nx = a | b", "| becomes &", 0),
        ("a, b = 1, 3\nx = a ^ b", "^ becomes &", 1),
        ("a, b = 1, 0\nx = a and b", "and becomes or", 1),
        ("a, b = 1, 0\nx = a or b", "or becomes and", 0),
        ("a = 1\nx = not a", "not is left out", 1),
        ("a = 1\nx = -a", "- is left out", 1),
        ("a = x = 1\nx += a", "+= becomes -=", 0),
        ("a = 1\nx = 5 if a else 6", "the condition is turned round", 6),
        ("x = 0\nif str(x):\n    x = 1", "the condition is turned round", 0),
        ("x = True", "True becomes False", False),
        ("x = 7", "7 becomes 8", 8),
        ("x = 0.5", "0.5 becomes 1.5", 1.5),
        ("x = 'word'", "'word' becomes ''", ""),
        ("def f():\n    return 3\nx = f()", "returns None", None),
        ("x = []\nx.append(1)", "the statement is left out", []),
        ("x = [1]\ndel x[0]", "the statement is left out", [1]),
        ("x = 0\ntry:\n    raise ValueError\nexcept ValueError:\n    x = 1", "the statement is left out", 0),
        ("x = 0\nfor a in 1, 2:\n    x = a\n    break", "break becomes continue", 2),
        ("x = 0\nfor a in 1, 2:\n    if a == 1:\n        continue\n    x = a", "continue becomes break", 0),
    ],
)
def test_a_mutant_does_what_its_words_say(tmp_path, source, change, value):
    assert value == value_of_x(tmp_path, source, change)


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""',
        "def f() -> int | None: ...",
        "def f(x: 'list[int] | None'): ...",
        "from typing import Literal\nX = Literal['one', 'two']",
        "__all__ = ['one']",
        "import os",
        "a = b = None\nassert a is b, 'words'",
        "a = None\nx = f'{a} words'",
        "def f(x):\n    raise ValueError('words')  # pragma: no mutate",
        "x = 1  # pragma: no cover",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x = 1",
        "if __name__ == '__main__':\n    x = 1",
        "x = None",
        "x = ''",
    ],
)
def test_what_no_test_could_be_about_is_left_alone(tmp_path, source):
    assert [] == mutants_of(tmp_path, source)


def test_the_words_of_an_error_are_left_alone_and_the_error_is_not(tmp_path):
    found = mutants_of(tmp_path, "def f(n):\n    raise ValueError('too many', n + 1)")

    assert {"the statement is left out", "+ becomes -", "1 becomes 2"} == {mutant.change for mutant in found}


def test_texts_are_joined_with_nothing_but_plus(tmp_path):
    assert {"'a' becomes ''"} == {mutant.change for mutant in mutants_of(tmp_path, "b = str\nx = 'a' + b('')")}


def test_a_mutant_names_the_outermost_function_and_the_line_of_its_first_decorator(tmp_path):
    source = (
        "import functools\n\n\nclass A:\n    @functools.cache\n    def f(self, n=1):\n"
        "        def g():\n            return 2\n        return g\n"
    )
    found = {mutant.change: mutant for mutant in mutants_of(tmp_path, source)}

    assert ("A.f", 5, 8, "return 2") == (
        found["2 becomes 3"].function,
        found["2 becomes 3"].first_line,
        found["2 becomes 3"].line,
        found["2 becomes 3"].text,
    )
    assert ("", 0) == (found["1 becomes 2"].function, found["1 becomes 2"].first_line)


def test_an_id_stays_when_other_lines_change_and_is_one_of_a_kind(tmp_path):
    before = mutants_of(tmp_path, "def f(a):\n    return a + 1\n\n\ndef g(a):\n    return a + 1\n")
    after = mutants_of(tmp_path, "NEW = 5\n\n\ndef f(a):\n    return a + 1\n\n\ndef g(a):\n    return a + 1\n")

    assert len(before) == len({mutant.id for mutant in before})
    assert {mutant.id for mutant in before} < {mutant.id for mutant in after}


@pytest.mark.parametrize("file", OWN, ids=lambda file: file.stem)
def test_each_mutant_of_a_real_file_compiles_and_moves_no_line(file):
    def lines(code):
        return {(one.co_qualname, one.co_firstlineno) for one in codes(code)}

    def codes(code):
        yield code
        for each in code.co_consts:
            if hasattr(each, "co_consts"):
                yield from codes(each)

    plain = compile_mutant(file, None)
    found = find_mutants(file)

    assert lines(plain) >= set.union(set(), *(lines(compile_mutant(file, each.number)) for each in found[::5]))
    assert len(found) == len({mutant.number for mutant in found})


def test_the_file_is_read_by_the_encoding_that_it_declares(tmp_path):
    file = tmp_path / "latin.py"
    file.write_bytes("# -*- coding: latin-1 -*-\nx = 'ä'\n".encode("latin-1"))

    assert ["'ä' becomes ''"] == [mutant.change for mutant in find_mutants(file)]


@pytest.mark.parametrize("content", [b"x = (", b"\xff\xfe\x00", b"x = 1\x00"])
def test_what_is_no_python_is_refused(tmp_path, content):
    file = tmp_path / "bad.py"
    file.write_bytes(content)

    with pytest.raises(UsageError, match=r"bad\.py"):
        find_mutants(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"none\.py cannot be read"):
        find_mutants(tmp_path / "none.py")


def test_a_mutant_differs_from_the_file_in_one_place(tmp_path):
    (tmp_path / "code.py").write_text("def f(a, b):\n    return a < b and a + 1\n", encoding="utf-8")
    plain = ast.dump(ast.parse((tmp_path / "code.py").read_text(encoding="utf-8")))

    codes = [compile_mutant(tmp_path / "code.py", mutant.number) for mutant in find_mutants(tmp_path / "code.py")]

    assert len(codes) == len(set(codes)) == 5
    assert plain == ast.dump(ast.parse((tmp_path / "code.py").read_text(encoding="utf-8")))
