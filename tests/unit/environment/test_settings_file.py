import json
import sys
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.environment._settings_file import SettingsFile
from groundwork.errors import UnsupportedFormatError

JSON = """{
  "port": 1,
  "list": [{"port": 2}, {"port": 3}],
  "a \\"b": "x: {",
  "database":
    {"url": "y", "pool":
      {"size": 3}}
}"""
TOML = '''port = 1 # port
text = """
url = 1
""" # three lines
numbers = [
  1,
  [[2, 3], [4]],
]
one . two = 'url = 2'
inline = { size = 3, x = 1 }
[database]
url = "y"
[database."pool"]
size = 3
[[list]]
port = 2
[[list]]
port = 3
'''
YAML = """# a comment
port: 1
flag: no
code: 007
nothing: ~
quoted: "~"
list:
  - port: 2
database:
  url: y
  pool: {size: 3}
"""


@pytest.fixture
def read(tmp_path):
    def write_and_read(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return SettingsFile(path)

    return write_and_read


def problems(file):
    return [(mistake.source.line, mistake.message) for mistake in file.mistakes]


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("a.json", JSON, [2, 3, 4, 6, 6, 7]),
        ("a.toml", TOML, [1, 16, None, 12, 13, 14]),
        ("a.yaml", YAML, [2, 7, None, 10, 11, 11]),
        ("a.toml", TOML.replace("\n", "\r\n"), [1, 16, None, 12, 13, 14]),
    ],
)
def test_each_key_is_found_in_its_line(read, name, text, lines):
    file = read(name, text)

    paths = [
        ("port",),
        ("list", "port"),
        ('a "b',),
        ("database", "url"),
        ("database", "pool"),
        ("database", "pool", "size"),
    ]
    assert lines == [file.source(path).line for path in paths]
    assert [] == file.mistakes


def test_odd_keys_of_toml_are_found(read):
    file = read("a.toml", TOML + '[\'x\'."y\\t"]\n"\\U00000041" = 1\n')

    assert (9, 10, 19, 20) == (
        file.source(("one", "two")).line,
        file.source(("inline", "size")).line,
        file.source(("x", "y\t")).line,
        file.source(("x", "y\t", "\\U00000041")).line,
    )


def test_plain_scalars_of_yaml_stay_as_written(read):
    values = read("a.yml", YAML).values

    expected = {"port": "1", "flag": "no", "code": "007", "nothing": None, "quoted": "~"}
    assert expected == {name: values[name] for name in expected}


@pytest.mark.parametrize("name", ["a.json", "a.toml", "a.yaml"])
@pytest.mark.parametrize("text", ["", "\n", b"\xef\xbb\xbf"])
def test_an_empty_file_gives_nothing(read, name, text):
    file = read(name, text)

    assert ({}, []) == (file.values, file.mistakes)


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.json", '{"a": 1,\n "b": hunter2}', 2, "is not valid JSON"),
        ("a.json", '["hunter2"]', None, "holds no mapping"),
        ("a.json", '{"a": ' + "1" * 5000 + "}", None, "more digits"),
        ("a.json", "[" * 100_000, None, "nested too deep"),
        ("a.json", b'{"a":\n"\xff"}', 2, "is not UTF-8"),
        ("a.toml", "a = 1\nb = hunter2", 2, "is not valid TOML"),
        ("a.toml", "a = " + "1" * 5000, None, "more digits"),
        ("a.yaml", "a: 1\nb: [hunter2", 2, "is not valid YAML"),
        ("a.yaml", "a: 1\npassword: *hunter2", 2, "an alias is not supported"),
        ("a.yaml", "a: &hunter2 [*hunter2]", 1, "an alias is not supported"),
        ("a.yaml", "a: 1\npassword: 'x' hunter2", 2, "is not valid YAML"),
        ("a.yaml", "a: !hunter!2 x", 1, "is not valid YAML: found undefined tag handle …"),
        ("a.yaml", "a: \x00", None, "is not valid YAML"),
        ("a.yaml", "? [hunter2]\n: 1", 1, "a key is no text"),
        ("a.yaml", "a: " + "[" * 60 + "]" * 60, 1, "nested too deep"),
        ("a.yaml", "a: " + "[" * 3000 + "]" * 3000, None, "nested too deep"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_quotes_nothing(read, name, text, line, words):
    file = read(name, text)

    ((found, message),) = problems(file)
    assert line == found or line is None
    assert words in message
    assert "hunter2" not in message
    assert {} == file.values


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", '{"a": {"b": 1,\n"c": 2,\n"b": 3}}'), ("a.yaml", "a:\n  b: 1\n  b: 3")]
)
def test_a_key_given_twice_is_a_mistake(read, name, text):
    assert [(3, f"given before, in line {1 if name == 'a.json' else 2}")] == problems(read(name, text))


def test_a_file_that_is_not_there_is_a_mistake(tmp_path):
    file = SettingsFile(tmp_path / "no.toml")

    assert [(None, "cannot be read: No such file or directory")] == problems(file)


def test_another_suffix_is_refused():
    with pytest.raises(UnsupportedFormatError, match=r"no file of settings: \.ini") as caught:
        SettingsFile(Path("a.ini"))

    assert "use .json, .toml, .yaml, .yml" == caught.value.hint


def test_without_pyyaml_a_yaml_says_what_it_takes(read, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)

    assert [(None, "takes the package pyyaml to read; install it, or use .toml")] == problems(read("a.yaml", "a: 1"))


KEYS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=4)
TREES = st.recursive(
    st.dictionaries(KEYS, st.one_of(st.integers(), st.text(max_size=5), st.just([1, {"a": 2}])), max_size=3),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, max_examples=50)
@given(tree=TREES, name=st.sampled_from(["a.json", "a.toml"]))
def test_every_key_of_a_file_has_the_line_that_it_was_written_to(tree, name, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / name
    text = tomli_w.dumps(tree) if name == "a.toml" else json.dumps(tree, indent=1)
    path.write_text(text, encoding="utf-8")

    file = SettingsFile(path)

    lines = text.split("\n")
    for keys in paths_of(tree):
        line, key = lines[file.source(keys).line - 1], keys[-1]
        assert any(each in line for each in (key, json.dumps(key)[1:-1], json.dumps(key, ensure_ascii=False)[1:-1]))


def paths_of(tree, path=()):
    for key, value in tree.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from paths_of(value, (*path, key))
