import asyncio
import inspect
import warnings
from dataclasses import dataclass
from typing import ClassVar

import pytest

from groundwork.errors import ConfigurationError
from groundwork.modeling import deprecated


def caught(act):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        act()
    return seen


@deprecated("it was slow", since="0.2", removed_in="0.4", alternative="load_table")
def load(path: str) -> str:
    """Load."""
    return path


@deprecated
def bare():
    return 1


def test_a_call_warns_with_all_that_is_known():
    (warning,) = caught(lambda: load("a"))

    assert DeprecationWarning is warning.category
    assert "load is deprecated since 0.2 and will be removed in 0.4; use load_table instead: it was slow" == str(
        warning.message
    )


def test_a_bare_decorator_says_that_it_is_deprecated():
    assert ["bare is deprecated"] == [str(each.message) for each in caught(bare)]


def line(of):
    return inspect.getsourcelines(of)[1] + 1


def test_the_warning_stands_at_the_line_that_calls():
    def act():
        bare()

    (warning,) = caught(act)

    assert (__file__, line(act)) == (warning.filename, warning.lineno)


def test_each_place_warns_once_under_the_usual_filter():
    def act():
        for _ in range(3):
            bare()
        bare()

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        act()

    assert 2 == len(seen)


def test_a_coroutine_warns_where_it_is_awaited():
    @deprecated
    async def fetch():
        return 1

    async def act():
        await fetch()

    (warning,) = caught(lambda: asyncio.run(act()))

    assert (__file__, line(act)) == (warning.filename, warning.lineno)
    assert inspect.iscoroutinefunction(fetch)


def test_generators_warn_where_the_first_item_is_asked_for():
    @deprecated
    def items():
        yield 1

    @deprecated
    async def items_awaited():
        yield 1

    def act():
        next(items())

    async def act_awaited():
        await anext(items_awaited())

    (warning,), (other,) = caught(act), caught(lambda: asyncio.run(act_awaited()))

    assert (__file__, line(act)) == (warning.filename, warning.lineno)
    assert (__file__, line(act_awaited)) == (other.filename, other.lineno)
    assert inspect.isgeneratorfunction(items)
    assert inspect.isasyncgenfunction(items_awaited)


def test_methods_of_every_sort_warn():
    class Source:
        @deprecated
        def method(self):
            return self

        @deprecated
        @classmethod
        def above(cls):
            return cls

        @staticmethod
        @deprecated
        def static():
            return 3

    def act():
        assert (Source, 3) == (Source.above(), Source.static())
        Source().method()

    assert ["Source.above", "Source.static", "Source.method"] == [
        str(each.message).split(" is ")[0].rpartition("<locals>.")[2] for each in caught(act)
    ]


def test_a_class_warns_where_an_instance_is_made_and_where_it_is_inherited_from():
    @deprecated(alternative="New")
    @dataclass
    class Old:
        x: int = 0

    def makes():
        assert Old(3).x == 3

    def inherits():
        class Child(Old):
            pass

        children.append(Child)

    children = []
    (made,), (inherited,) = caught(makes), caught(inherits)

    assert (__file__, line(makes)) == (made.filename, made.lineno)
    assert (__file__, line(inherits)) == (inherited.filename, inherited.lineno)
    assert str(made.message).endswith("Old is deprecated; use New instead")
    assert [] == caught(lambda: children[0](4))
    assert "(self, x: int = 0) -> None" == str(inspect.signature(Old.__init__))


def test_a_class_keeps_what_it_does_when_it_is_inherited_from():
    @deprecated
    class Old:
        children: ClassVar = []

        def __init_subclass__(cls, name, **kwargs):
            super().__init_subclass__(**kwargs)
            cls.children.append(name)

    def inherits():
        class Child(Old, name="first"):
            pass

    assert 1 == len(caught(inherits))
    assert ["first"] == Old.children


def test_name_doc_and_signature_stay():
    assert ("load", "Load.", "(path: str) -> str") == (load.__name__, load.__doc__, str(inspect.signature(load)))


def test_what_is_no_function_is_refused():
    with pytest.raises(ConfigurationError, match="goes around a function"):
        deprecated(3)
