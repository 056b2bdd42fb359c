import builtins
import json

import pytest

from groundwork.course._seal import EqualToAnything, seal
from groundwork.testing import Level, Outcome
from groundwork.testing import _verdict as judge
from groundwork.testing._contract import Check

CHECK = Check("adds", Level.BASIC, "", "", "", (), None, lambda subject, lab: None)


@pytest.fixture
def changed():
    return seal([CHECK])


def test_what_was_left_alone_is_as_it_was(changed):
    assert changed() is None


def test_a_builtin_that_was_replaced_is_named_and_put_back(changed, monkeypatch):
    before = builtins.len
    monkeypatch.setattr(builtins, "len", lambda each: 3)

    found = changed()

    assert found == "put something else in the place of builtins.len; expected it to be left alone"
    assert (builtins.len, changed()) == (before, None)


def test_a_function_that_was_removed_is_named(changed, monkeypatch):
    monkeypatch.delattr(json, "dumps")

    assert changed().startswith("put something else in the place of json.dumps")


def test_a_method_that_was_replaced_is_named(changed, monkeypatch):
    monkeypatch.setattr(judge.Lab, "__exit__", lambda self, *error: True)

    assert changed().startswith("put something else in the place of groundwork.testing._lab.Lab.__exit__")


def test_a_name_that_hides_a_builtin_is_seen(changed, monkeypatch):
    monkeypatch.setattr(judge, "isinstance", lambda each, kind: True, raising=False)

    assert changed().startswith("put something in front of groundwork.testing._verdict.isinstance")


def test_a_name_that_hides_what_is_inherited_is_seen(changed, monkeypatch):
    monkeypatch.setattr(judge.ContractBroken, "__init__", lambda self, *arguments: None)

    assert changed().startswith("put something in front of groundwork.errors.ContractBroken.__init__")


def test_other_code_in_the_same_function_is_seen(changed, monkeypatch):
    monkeypatch.setattr(judge._sentence, "__code__", (lambda error, subject: "").__code__)

    assert changed().startswith("changed the code of groundwork.testing._verdict._sentence")


def test_another_test_in_the_same_check_is_seen(changed):
    run = CHECK.run
    object.__setattr__(CHECK, "run", print)

    found = changed()
    object.__setattr__(CHECK, "run", run)

    assert found == "changed the check adds; expected it to be left alone"


def test_a_counter_of_the_judges_may_count(changed, monkeypatch):
    monkeypatch.setattr(Outcome, "counter", 3, raising=False)

    assert changed() is None


@pytest.fixture
def fakes(monkeypatch, tmp_path):
    """Runs source as a learner's and says what was found."""
    watching = EqualToAnything()
    monkeypatch.setattr(builtins, "__build_class__", builtins.__build_class__)
    watching.watch()
    watching.folder = str(tmp_path)

    def found(source):
        exec(compile(source, str(tmp_path / "mine.py"), "exec"), {"__name__": "mine"})
        return watching.found()

    return found


@pytest.mark.parametrize(
    "source",
    [
        "class Any:\n    def __eq__(self, other): return True",
        "class Any(int):\n    def __eq__(self, other): return True",
        "class Any(dict):\n    def __eq__(self, other): return 1",
        "class Any(ValueError):\n    def __eq__(self, other): return True",
        """
class Meta(type):
    __eq__ = lambda self, other: True
    __hash__ = None
class Any(metaclass=Meta): pass
""",
    ],
)
def test_a_class_that_equals_anything_is_named(fakes, source):
    assert fakes(source) == "has objects of Any, which say that they equal anything"


@pytest.mark.parametrize(
    "source",
    [
        "class Plain: pass",
        "import dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int",
        "class Mine:\n    def __eq__(self, other): return self.x == other.x",
        "class Never:\n    def __eq__(self, other): return False",
        "class Unsure:\n    def __eq__(self, other): return NotImplemented",
        "import enum\nclass Kind(enum.StrEnum):\n    A = 'a'\n    def __eq__(self, other): return str(self) == other",
        "class Odd(int):\n    def __eq__(self, other): raise ValueError",
    ],
)
def test_a_class_that_compares_is_left_alone(fakes, source):
    assert fakes(source) is None
