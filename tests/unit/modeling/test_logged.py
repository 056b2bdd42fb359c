import asyncio
import inspect
import logging
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from groundwork.environment import Secret
from groundwork.modeling import logged
from groundwork.testing import VirtualClock


@pytest.fixture
def lines(caplog):
    """What was logged, without module and time."""
    caplog.set_level(logging.DEBUG, __name__)

    def told():
        return [each.getMessage().replace(f"{__name__}.", "").rpartition("<locals>.")[2] for each in caplog.records]

    return told


def test_a_call_and_its_result_are_told(lines):
    clock = VirtualClock()

    @logged(clock=clock)
    def load(path, rows=3, *, strict=False):
        clock.advance(0.25)
        return [1] * rows

    assert [1, 1] == load("a.csv", rows=2)
    assert ["load(path='a.csv', rows=2)", "load returned list of 2 after 0.250000 s"] == lines()


def test_a_record_carries_function_and_duration_for_programs(caplog):
    @logged(logger="here", level=logging.INFO)
    def load():
        return 1

    with caplog.at_level(logging.INFO, "here"):
        load()

    first, last = caplog.records
    assert ("here", "INFO", True) == (first.name, first.levelname, first.function.endswith("load"))
    assert last.duration_s >= 0


def test_an_error_is_told_with_its_causes_and_goes_on(caplog):
    @logged
    def load():
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    with caplog.at_level(logging.WARNING), pytest.raises(ValueError, match="outer"):
        load()

    (record,) = caplog.records
    assert ("ERROR", True) == (record.levelname, "load raised ValueError after" in record.getMessage())
    assert isinstance(record.exc_info[1].__cause__, KeyError)


def test_an_error_below_the_level_is_not_told(caplog):
    @logged
    def load():
        raise ValueError("no")

    with caplog.at_level(logging.CRITICAL), pytest.raises(ValueError, match="no"):
        load()

    assert [] == caplog.records


def test_cancellation_is_no_error(caplog):
    @logged
    async def hangs():
        raise asyncio.CancelledError

    async def run():
        await asyncio.gather(hangs(), return_exceptions=True)

    with caplog.at_level(logging.INFO):
        asyncio.run(run())

    assert [] == caplog.records


@dataclass
class Login:
    user: str
    password: str


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("api_key", "hunter2"),
        ("auth_token", "hunter2"),
        ("options", {"user": "me", "db_password": "hunter2"}),
        ("options", [{"Authorization": "hunter2"}]),
        ("login", Login("me", "hunter2")),
        ("login", [Login("me", "hunter2")]),
        ("anything", Secret("hunter2")),
    ],
)
def test_secrets_are_masked_wherever_their_name_or_type_says_so(lines, name, value):
    @logged
    def connect(**options):
        return None

    @logged
    def connect_to(host, password="", api_key="", auth_token="", options=None, login=None, anything=None):
        return None

    connect_to("host", **{name: value})
    connect(**{name: value})

    assert "hunter2" not in "".join(lines())
    assert "***" in lines()[0]


def test_data_are_told_by_kind_and_size(lines):
    @logged
    def fit(table, array, model, text, many):
        return array

    fit(pl.DataFrame({"a": [1, 2]}), np.zeros((2, 3), np.float32), LinearRegression(), "x" * 1000, list(range(1000)))

    called, returned = lines()
    assert "table=DataFrame (2, 1), array=ndarray float32 (2, 3), model=LinearRegression, text='xxx" in called
    assert "many=[0, 1, 2, 3, ...]" in called
    assert len(called) < 250
    assert "returned ndarray float32 (2, 3)" in returned


def test_a_value_that_cannot_show_itself_does_not_break_the_call(lines):
    class Sour:
        def __repr__(self):
            raise ValueError("no")

    @logged
    def load(value):
        return None

    load(Sour())

    assert "value=<Sour instance at" in lines()[0]
    assert lines()[1].startswith("load returned None after")


def test_deep_settings_are_cut(lines):
    @logged
    def load(value):
        return {}

    deep = Login(Login(Login(Login("a", "b"), "b"), "b"), "b")
    load(deep)

    assert "Login(...)" in lines()[0]


def test_a_wrong_call_is_told_and_stays_a_type_error(lines):
    @logged
    def load(path):
        return path

    with pytest.raises(TypeError, match="positional argument"):
        load(1, 2)

    assert ["load(0=1, 1=2)", True] == [lines()[0], "raised TypeError" in lines()[1]]


def test_coroutines_and_generators_are_told_when_they_end(lines):
    clock = VirtualClock()

    @logged(clock=clock)
    async def fetch(url):
        clock.advance(1)
        return b"abc"

    @logged(clock=clock)
    def items(count):
        for each in range(count):
            clock.advance(1)
            yield each

    @logged(clock=clock)
    async def items_awaited():
        yield 1
        raise ValueError("no")

    async def run():
        with pytest.raises(ValueError, match="no"):
            [each async for each in items_awaited()]
        return await fetch("u")

    assert b"abc" == asyncio.run(run())
    reader = items(2)
    assert 4 == len(lines())
    for _ in reader:
        clock.advance(100)
    assert [
        "items_awaited()",
        "items_awaited raised ValueError after 0.000000 s",
        "fetch(url='u')",
        "fetch returned bytes of 3 after 1.000000 s",
        "items(count=2)",
        "items gave its last item after 2.000000 s",
    ] == lines()


def test_a_coroutine_that_fails_is_told(lines):
    @logged
    async def fetch():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(fetch())

    assert "fetch raised ValueError after" in lines()[1]


def test_methods_of_every_sort_are_logged_and_keep_their_signature(lines):
    class Source:
        @logged
        def method(self, key: str) -> str:
            return key

        @logged
        @classmethod
        def above(cls, key):
            return key

        @staticmethod
        @logged
        def static(key):
            return key

        def __repr__(self):
            return "Source()"

    assert ["a", "b", "c"] == [Source().method("a"), Source.above("b"), Source.static("c")]
    assert "(self, key: str) -> str" == str(inspect.signature(Source.method))
    assert ["Source.method(self=Source(), key='a')", "Source.static(key='c')"] == [lines()[0], lines()[4]]


def test_where_nobody_listens_no_argument_is_shown():
    class Sour:
        def __repr__(self):
            raise AssertionError("shown")

    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.ERROR)

    @logged(logger=quiet)
    def load(value):
        return value

    @logged(logger=quiet)
    def items(value):
        yield value

    sour = Sour()
    assert (sour, [sour]) == (load(sour), list(items(sour)))
