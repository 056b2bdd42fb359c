import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from groundwork.environment import format_env, parse_env
from groundwork.environment._env_file import read_env
from groundwork.errors import ConfigurationError, UsageError

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.]{0,8}", fullmatch=True)
TEXTS = st.text(st.one_of(st.sampled_from(" \t\r\n'\"\\$`#=nrt"), st.characters(exclude_characters="\0")), max_size=20)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(NAMES, TEXTS, max_size=5))
@example({"A": "line ends of\r\nWindows\r", "B": "it's\r\n\\n"})
def test_what_is_written_is_read_back(values):
    text = format_env(values)

    assert values == parse_env(text)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(NAMES, TEXTS, max_size=5))
def test_line_ends_of_windows_change_nothing_but_those_within_values(values):
    values = {name: value.replace("\n", "").replace("\r", "") for name, value in values.items()}

    text = format_env(values).replace("\n", "\r\n")

    assert values == parse_env(text)


@settings(deadline=None, max_examples=50)
@given(st.text(st.sampled_from("A=b'\"\\\n #\r"), max_size=30))
def test_each_mistake_is_named_by_a_line_that_the_text_has(text):
    assignments, mistakes = read_env(text, ".env")

    lines = [one.line for one in assignments] + [one.source.line for one in mistakes]
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=plain", "plain"),
        ("A = spaces around ", "spaces around"),
        ("  export A=exported", "exported"),
        ("A=", ""),
        ("A=value # a comment", "value"),
        ("A= # a comment", ""),
        ("A=no#comment", "no#comment"),
        ("A=#no comment", "#no comment"),
        ("A='single # \\n $HOME'", "single # \\n $HOME"),
        ('A="tab\\tnew\\nline" # a comment', "tab\tnew\nline"),
        ('A="\\"quoted\\" \\\\ \\$HOME \\`"', '"quoted" \\ $HOME `'),
        ('A="a\\d"', "a\\d"),
        ("A='two\nlines'", "two\nlines"),
        ('A="two\nlines"', "two\nlines"),
        ("A=$HOME/${HOME}", "$HOME/${HOME}"),
        ("A=it's", "it's"),
        ("A=x=y", "x=y"),
        ("\ufeffA=after a mark", "after a mark"),
        ("A=first\nA=last", "last"),
        ("# nothing\n\n \t\nA=1\n", "1"),
        ("A='x'\r\n", "x"),
    ],
)
def test_a_value_is_read_as_documented(line, value):
    assert {"A": value} == parse_env(line)


def test_all_lines_that_cannot_be_read_are_named_and_none_is_shown():
    text = "hunter2\nA='a' hunter2\nexport B\nC=1\n1D=hunter2\n"

    with pytest.raises(ConfigurationError) as caught:
        parse_env(text, source="deploy.env")

    places = [(each["file"], each["line"]) for each in caught.value.context["mistakes"]]
    assert [("deploy.env", line) for line in (1, 2, 3, 5)] == places
    assert "hunter2" not in str(caught.value)


def test_nothing_after_an_open_quote_is_taken_for_a_name():
    assignments, mistakes = read_env("A=1\nKEY='-----BEGIN\nQUJD=hunter2\n", ".env")

    assert ["A"] == [one.name for one in assignments]
    assert [".env:2: the quote that begins the value of KEY is never closed"] == [str(one) for one in mistakes]


def test_an_assignment_does_not_show_its_value():
    (one,), _ = read_env("A=hunter2", ".env")

    assert ("hunter2", True) == (one.value, "hunter2" not in repr(one))


@pytest.mark.parametrize("name", ["", "1A", "A B", "export A", "A\n", "ä"])
def test_a_name_that_cannot_be_read_back_is_not_written(name):
    with pytest.raises(UsageError, match="no name for"):
        format_env({name: "x"})


@pytest.mark.parametrize(("value", "words"), [(1, "no text but a int"), ("\0", "holds a NUL")])
def test_a_value_that_cannot_be_read_back_is_not_written(value, words):
    with pytest.raises(UsageError, match=words):
        format_env({"A": value})
