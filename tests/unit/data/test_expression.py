"""Expressions from text: row-wise, and never code."""

import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from groundwork.data import _expression, _row_wise, expression, expression_columns
from groundwork.errors import ConfigurationError

FRAME = pl.DataFrame(
    {
        "i": [3, 1, None, 2, 7],
        "f": [0.5, -0.25, 0.0, None, 1.0],
        "s": ["b1", "a22", None, "", "é b"],
        "n": ["12", "7", "x", None, "003"],
        "d": ["2013-01-31", "2013-02-01", None, "2012-02-29", "2013-12-31"],
        "b": [True, False, None, True, False],
        "t": [datetime.datetime(2013, 3, day, 7, 30, day, tzinfo=datetime.UTC) for day in (31, 1, 2, 3, 10)],
        "u": [datetime.timedelta(hours=hours, seconds=5) for hours in (1, 30, 2, 400, 0)],
    }
)

SAMPLES = {
    "pl": {
        "col": ["pl.col('i')"],
        "lit": ["pl.lit(1) + pl.col('i')"],
        "when": ["pl.when(pl.col('i') > 1).then(pl.lit('x')).when(pl.col('i') == 1).then(pl.col('s')).otherwise(None)"],
        "coalesce": ["pl.coalesce(pl.col('i'), 'f', 0)"],
        "max_horizontal": ["pl.max_horizontal('i', 'f')"],
        "min_horizontal": ["pl.min_horizontal('i', 'f')"],
        "sum_horizontal": ["pl.sum_horizontal('i', 'f')"],
        "mean_horizontal": ["pl.mean_horizontal('i', 'f')"],
        "all_horizontal": ["pl.all_horizontal('b', pl.col('i') > 1)"],
        "any_horizontal": ["pl.any_horizontal('b', pl.col('i') > 1)"],
        "concat_str": ["pl.concat_str('i', pl.lit('x'), 's', separator='-', ignore_nulls=True)"],
        "date": ["pl.date(2013, 3, pl.col('i'))"],
        "time": ["pl.time(pl.col('i'), 30)"],
        "datetime": ["pl.datetime(2013, 3, 5, time_zone='UTC') < pl.col('t')"],
        "duration": ["pl.col('t') + pl.duration(hours=pl.col('i'))"],
        "Datetime": ["pl.col('i').cast(pl.Datetime('us', 'UTC'))"],
        "Duration": ["pl.col('i').cast(pl.Duration('us'))"],
    },
    "": {
        **{
            name: [f"pl.col('f').{name}()"]
            for name in ["abs", "sign", "sqrt", "cbrt", "exp", "log1p", "log10", "sin", "cos", "tan"]
        },
        **{
            name: [f"pl.col('f').{name}()"]
            for name in ["arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "degrees", "radians"]
        },
        **{
            name: [f"pl.col('f').{name}()"]
            for name in ["floor", "ceil", "neg", "is_nan", "is_not_nan", "is_finite", "is_infinite"]
        },
        **{name: [f"pl.col('s').{name}()"] for name in ("is_null", "is_not_null")},
        **{
            name: [f"pl.col('i').{name}(2)"]
            for name in ["eq", "ne", "lt", "le", "gt", "ge", "eq_missing", "ne_missing"]
        },
        **{
            name: [f"pl.col('i').{name}(pl.col('f'))"]
            for name in ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow"]
        },
        **{name: [f"pl.col('b').{name}(pl.col('i') > 1)"] for name in ("and_", "or_", "xor")},
        **{
            name: ["pl.when(pl.col('b')).then(1).when(pl.col('i') > 2).then(2).otherwise(3)"]
            for name in ("then", "when")
        },
        "otherwise": ["pl.when('b').then('s').otherwise('n')"],
        "not_": ["pl.col('b').not_()"],
        "fill_null": ["pl.col('i').fill_null(0)", "pl.col('i').fill_null(pl.col('f'))"],
        "fill_nan": ["pl.col('f').fill_nan(0)"],
        "log": ["pl.col('i').log()", "pl.col('i').log(2)"],
        "round": ["pl.col('f').round(1)"],
        "clip": ["pl.col('i').clip(2, 3)", "pl.col('i').clip(upper_bound=pl.col('f'))"],
        "is_between": ["pl.col('i').is_between(1, 2, closed='left')"],
        "is_in": ["pl.col('i').is_in([1, -2, 3])", "pl.col('s').is_in(('b1', 'x'))"],
        "cast": ["pl.col('n').cast(pl.Int64, strict=False)", "pl.col('t').cast(pl.Date)"],
        "replace_strict": ["pl.col('s').replace_strict({'b1': 1, 'a22': -2}, default=pl.col('i'))"],
    },
    "dt": {
        **{
            name: [f"pl.col('t').dt.{name}()"]
            for name in _row_wise.NAMESPACES["dt"]
            if not name.startswith("total_") and name not in ("base_utc_offset", "dst_offset")
        },
        **{name: [f"pl.col('u').dt.{name}()"] for name in _row_wise.NAMESPACES["dt"] if name.startswith("total_")},
        **{
            name: [f"pl.col('t').dt.convert_time_zone('America/New_York').dt.{name}()"]
            for name in ("base_utc_offset", "dst_offset")
        },
        **{name: [f"pl.col('t').dt.{name}('1d')"] for name in ("truncate", "round", "offset_by")},
        **{name: [f"pl.col('t').dt.{name}('%H:%M')"] for name in ("strftime", "to_string")},
        "convert_time_zone": ["pl.col('t').dt.convert_time_zone('America/New_York').dt.hour()"],
        "replace_time_zone": ["pl.col('t').dt.replace_time_zone('America/New_York', non_existent='null')"],
        "cast_time_unit": ["pl.col('t').dt.cast_time_unit('ms')"],
    },
    "str": {
        **{name: [f"pl.col('s').str.{name}()"] for name in ["len_chars", "len_bytes", "to_lowercase", "to_uppercase"]},
        **{
            name: [f"pl.col('s').str.{name}('b')"]
            for name in ["starts_with", "ends_with", "strip_prefix", "strip_suffix"]
        },
        **{name: [f"pl.col('s').str.{name}('b')"] for name in ("strip_chars", "strip_chars_start", "strip_chars_end")},
        **{name: [f"pl.col('s').str.{name}(2)", f"pl.col('s').str.{name}(pl.col('i'))"] for name in ("head", "tail")},
        "contains": ["pl.col('s').str.contains('[a-c]')", "pl.col('s').str.contains('.', literal=True)"],
        "contains_any": ["pl.col('s').str.contains_any(['a', 'b'], ascii_case_insensitive=True)"],
        "count_matches": ["pl.col('s').str.count_matches('[0-9]')"],
        "extract": ["pl.col('s').str.extract('([0-9]+)', 1)"],
        "slice": ["pl.col('s').str.slice(1, pl.col('i'))"],
        "zfill": ["pl.col('n').str.zfill(4)"],
        "replace": ["pl.col('s').str.replace('b', '')"],
        "replace_all": ["pl.col('s').str.replace_all('22', 'x', literal=True)"],
        "to_date": ["pl.col('d').str.to_date('%Y-%m-%d')"],
        "to_datetime": ["pl.col('d').str.to_datetime(format='%Y-%m-%d', time_zone='UTC', strict=False)"],
        "to_integer": ["pl.col('n').str.to_integer(strict=False)"],
    },
}
TEXTS = sorted({text for names in SAMPLES.values() for texts in names.values() for text in texts})


def test_every_allowed_name_has_a_sample():
    allowed = {"pl": _row_wise.FUNCTIONS, "": _row_wise.METHODS, **_row_wise.NAMESPACES}

    assert {part: set(names) for part, names in SAMPLES.items()} == {
        part: set(names) for part, names in allowed.items()
    }
    assert all(f"{name}(" in text for names in SAMPLES.values() for name, texts in names.items() for text in texts)


@pytest.mark.parametrize("text", TEXTS)
def test_a_row_alone_gives_what_it_gives_among_others(text):
    built = expression(text)

    together = FRAME.select(value=built)["value"]

    alone = [FRAME[at : at + 1].select(value=built)["value"] for at in range(FRAME.height)]
    backwards = FRAME.reverse().select(value=built)["value"].reverse()
    assert_series_equal(pl.concat(alone), together)
    assert_series_equal(backwards, together)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("pl.col('i') > 2", [True, False, None, False, True]),
        ("-pl.col('i') + 3 * 2", [3, 5, None, 4, -1]),
        ("~(pl.col('i') >= 2) & (pl.col('i') != 5) | (pl.col('i') <= -1)", [False, True, None, False, False]),
        ("(pl.col('i') // 2 * 10 + pl.col('i') % 2) ** 1", [11, 1, None, 10, 31]),
        ("+pl.col('i') - 1 < 1", [False, True, None, False, False]),
        ("pl.col('b') ^ True", [False, True, None, False, True]),
        ("1 / pl.col('i') == 1", [False, True, None, False, False]),
        ("  pl.col('i')\n", [3, 1, None, 2, 7]),
        ("pl.when(pl.col('i') > 2).then(1)", [1, None, None, None, 1]),
    ],
)
def test_operators_mean_what_they_mean_in_polars(text, values):
    assert FRAME.select(value=expression(text))["value"].to_list() == values


@pytest.mark.parametrize(("text", "value"), [("True", True), ("3 > 2", True), ("2 * 3", 6), ("-1", -1), ("'x'", "x")])
def test_constants_are_expressions(text, value):
    assert FRAME.select(value=expression(text))["value"][0] == value


def test_columns_are_the_roots():
    assert expression_columns("pl.when('a').then('b').otherwise(pl.col('c') + 1)") == {"a", "b", "c"}
    assert expression_columns("1") == set()


LOOKS_AT_OTHER_ROWS = [
    "pl.col('i').mean()",
    "pl.col('i').sum()",
    "pl.col('i').shift(1)",
    "pl.col('i').rank()",
    "pl.col('i').cum_sum()",
    "pl.col('i').max().over('s')",
    "pl.col('i').sort()",
    "pl.col('i').first()",
    "pl.len()",
    "pl.int_range(5)",
    "pl.sum('i')",
    "pl.col('i').is_unique()",
    "pl.col('i').to_physical()",
    "pl.col('s').cast(pl.Categorical)",
    "pl.col('i').is_in(pl.col('f'))",
    "pl.col('i').is_in(pl.col('f').implode())",
    "pl.col('i').fill_null(strategy='forward')",
    "pl.col('i').fill_null(1, 'forward')",
    "pl.col('i').fill_null(None, 'mean')",
    "pl.col('d').str.to_date()",
    "pl.col('d').str.to_datetime()",
    "pl.col('d').str.to_datetime(time_zone='UTC')",
    "pl.col('d').str.to_date(None)",
    "pl.col('d').str.strptime(pl.Date)",
    "pl.col('i').replace_strict(pl.col('i'), pl.col('f'))",
    "pl.col('i').replace_strict({1: 2}, default=[1])",
    "pl.col('i').round(pl.col('f'))",
    "pl.col('s').str.contains(pl.col('n'))",
    "pl.col('*')",
    "pl.col('^.*$')",
    "pl.all()",
    "pl.max_horizontal('*')",
    "pl.coalesce('i', '^f$')",
    "pl.col('i').is_between('*', 3)",
    "pl.col(['i', 'f'])",
    "pl.col('i', 'f')",
    "pl.col(pl.Int64)",
    "pl.lit([1, 2])",
    "pl.lit(pl.col('i'))",
    "pl.col('i') + [1, 2]",
    "[1, 2] + pl.col('i')",
    "pl.col('i').add([1, 2])",
    "pl.when(pl.col('b')).then([1, 2])",
]
RUNS_CODE = [
    "__import__('os').system('true')",
    "open('/etc/passwd')",
    "eval('1')",
    "os",
    "pl",
    "pl.col('i').map_elements(print)",
    "pl.col('i').map_batches(print)",
    "pl.col('i').pipe(print)",
    "pl.col('i').register_plugin_function()",
    "pl.Expr.deserialize(b'x')",
    "pl.read_csv('/etc/passwd')",
    "pl.scan_csv('/etc/passwd')",
    "pl.SQLContext()",
    "pl.sql('select 1')",
    "pl.sql_expr('1')",
    "pl.api",
    "pl.__builtins__",
    "pl._plr",
    "pl.io.plugins",
    "pl.col.__class__",
    "pl.col('i').__class__",
    "pl.col('i')._pyexpr",
    "pl.col('i').__reduce__()",
    "pl.col('i').dt.__class__()",
    "pl.col('i').str.__init__('x')",
    "pl.col('i').meta.serialize()",
    "pl.col('i').dt._pyexpr()",
    "(lambda: 1)()",
    "lambda: 1",
    "[x for x in (1, 2)]",
    "{x for x in 'a'}",
    "f'{pl}'",
    "(x := 1)",
    "pl.col(*['i'])",
    "pl.col(**{'name': 'i'})",
    "{**{}}",
    "pl.col('i').replace_strict({**{}})",
    "pl.col('i')[0]",
    "pl.col('i').dt",
    "pl.dt.year()",
    "pl.str.contains('x')",
    "pl.col.i",
    "pl.Int64",
    "[1, 2]",
    "{1: 2}",
    "None",
    "b'1'",
    "1j",
    "...",
    "pl.col('i') @ pl.col('f')",
    "pl.col('i') << 1",
    "pl.col('i').then(1)",
    "pl.when(pl.col('b'))",
    "pl.when(pl.col('b')).otherwise(1)",
    "'a'.upper()",
    "'x'.eq('x')",
    "(1).abs()",
    "-'x'",
    "pl.col('i').is_in([-'x'])",
    "pl.col('i').is_in([[1]])",
    "pl.col('i').is_in([pl.col('f')])",
    "pl.col('i').is_in(3)",
    "pl.col('i').cast('Int64')",
    "pl.col('i').cast(3)",
    "pl.col(3)",
    "pl.col('')",
    "pl.col(name='i')",
    "pl.col()",
    "pl.date(2013)",
    "pl.duration()",
    "pl.datetime(2013, 1, 1, time_unit=[1])",
    "pl.col('i').replace_strict(3)",
    "pl.col('i').cast(pl.Datetime('fortnight'))",
    "yield 1",
    "import os",
    "1 +",
    "a = 1",
    "",
    "   ",
]
EXHAUSTS = [
    "(" * 3000,
    "-" * 3000 + "1",
    "pl.col('i')" + " + 1" * 900,
    "pl.col('i') + " + "1" * 30,
    "1" * 5000,
    "'" + "x" * 5000 + "'",
    "pl.col('s').str.replace_all('', 'xxxxxxxxxx')",
    "pl.col('s').str.replace_all('x*', 'yy')",
    "pl.col('s').str.replace('(?s)(.*)', '$1$1')",
    "pl.col('s').str.replace_all('a', 'bb', literal=True)",
    "pl.col('s').str.replace_all('a', 3)",
    "pl.col('n').str.zfill(10000000000)",
    "pl.col('n').str.zfill(pl.col('i'))",
    "a\0",
    "\ud800",
]


@pytest.mark.parametrize("text", LOOKS_AT_OTHER_ROWS + RUNS_CODE + EXHAUSTS)
def test_anything_else_is_refused(text):
    with pytest.raises(ConfigurationError) as caught:
        expression(text)

    assert len(caught.value.message) < 10_000


@pytest.mark.parametrize("value", [None, 3, b"pl.col('i')"])
def test_only_text_is_an_expression(value):
    with pytest.raises(ConfigurationError, match="must be text"):
        expression(value)


def test_powers_of_constants_cost_nothing_here():
    assert isinstance(expression("9 ** 9 ** 9 ** 9"), pl.Expr)


@settings(deadline=None, max_examples=50)
@given(
    st.text(max_size=30)
    | st.lists(st.sampled_from(["pl", ".", "col", "('i')", "(", ")", "_", "dt", "str", "[", "1", "-"])).map("".join)
)
def test_no_text_raises_anything_but_a_configuration_error(text):
    try:
        built = expression(text)
    except ConfigurationError:
        return

    assert isinstance(built, pl.Expr)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("pl.col('i').maen()", "'pl.col('i').maen' is not allowed", "did you mean"),
        ("pl.col('t').dt.yeer()", ".dt.yeer is not a row-wise function", ".dt.year"),
        ("pl.colm('i')", "pl.colm", "pl.col"),
        ("pl.col('i').mean()", ".mean looks at other rows", "docs/data.md"),
        ("pl.col('i').pipe()", ".pipe would run code", "docs/data.md"),
        ("pl.col('i') and 1", "not part of expressions", "use & and |"),
        ("not pl.col('i')", "not part of expressions", "use ~"),
        ("1 < pl.col('i') < 3", "cannot be chained", ".is_between"),
        ("pl.col('i') in [1]", "comparison", ".is_in"),
        ("pl.col('i') is None", "comparison", ".is_null"),
        ("1 if pl.col('i') else 2", "not part of expressions", "pl.when"),
        ("dep_delay > 3", "the only name is pl", "pl.col('name')"),
        ("pl.col('i').round(1, 2, 3)", "3 arguments given; it takes 0 to 1", "docs/data.md"),
        ("pl.col('i').is_between(1, 2, clsed='left')", "argument clsed is not allowed here; it takes closed", "docs"),
        ("pl.col('i' > 3", "does not parse at character", "pl.col('arr_delay') > 15"),
    ],
)
def test_the_message_names_the_part_and_what_to_do(text, message, hint):
    with pytest.raises(ConfigurationError) as caught:
        expression(text)

    assert message.replace("''", "'") in caught.value.message.replace('"', "'")
    assert hint in caught.value.hint
    assert caught.value.context["expression"] == text


def test_what_polars_objects_to_is_a_configuration_error(monkeypatch):
    def fails(_):
        raise TypeError

    monkeypatch.setattr(_expression.pl, "lit", fails)

    with pytest.raises(ConfigurationError, match="polars refuses it: TypeError"):
        expression("pl.lit(1)")
