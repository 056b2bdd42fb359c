import pytest

from groundwork.environment._requirements import read_requirements
from groundwork.errors import ConfigurationError

PYPROJECT = """
[project]
name = "Shop"
version = "1"
requires-python = ">=3.11,<4"
dependencies = ["rich>=14", "typer"]

[project.optional-dependencies]
dev = ["pytest", "shop[docs, plots]"]
docs = ["sphinx"]
Plots = ["matplotlib", "rich>=14", "shop[dev]"]
"""


def write(folder, text, name="pyproject.toml"):
    (folder / name).write_text(text)
    return folder


def test_dependencies_and_oldest_python_are_read(tmp_path):
    actual = read_requirements(write(tmp_path, PYPROJECT))

    assert (actual.called, actual.oldest_python, actual.wanted) == ("Shop", "3.11", ("rich>=14", "typer"))


def test_extras_that_name_the_project_itself_are_followed_once(tmp_path):
    actual = read_requirements(write(tmp_path, PYPROJECT), ["dev"])

    assert actual.wanted == ("rich>=14", "typer", "pytest", "sphinx", "matplotlib")


def test_unknown_extra_is_named_with_those_there_are(tmp_path):
    with pytest.raises(ConfigurationError, match="no extra 'test'") as caught:
        read_requirements(write(tmp_path, PYPROJECT), ["test"])

    assert caught.value.hint == "it has: dev, docs, plots"


def test_requirements_in_is_read_without_comments(tmp_path):
    write(tmp_path, "# what we need\nrich>=14  # tables\n\ntyper\n", "requirements.in")

    actual = read_requirements(tmp_path)

    assert (actual.called, actual.oldest_python, actual.wanted) == ("requirements.in", None, ("rich>=14", "typer"))


def test_pyproject_of_tools_alone_gives_way_to_requirements_in(tmp_path):
    write(write(tmp_path, "[tool.ruff]\n"), "rich\n", "requirements.in")

    assert read_requirements(tmp_path).source.name == "requirements.in"


def test_dynamic_dependencies_are_noticed(tmp_path):
    actual = read_requirements(write(tmp_path, '[project]\nname = "a"\nversion = "1"\ndynamic = ["dependencies"]\n'))

    assert (actual.dynamic, actual.oldest_python) == (True, None)


@pytest.mark.parametrize(
    ("name", "text", "extras", "reason"),
    [
        ("pyproject.toml", "[tool.ruff]\n", [], "has no .project. table"),
        ("pyproject.toml", "[project\n", [], "is not TOML"),
        ("pyproject.toml", "[project]\nname = 'shop'\n", [], "needs a name and a version"),
        ("requirements.in", "rich\n", ["dev"], "has no extras"),
        ("notes.txt", "", [], "neither a pyproject.toml nor a requirements.in"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, name, text, extras, reason):
    with pytest.raises(ConfigurationError, match=reason):
        read_requirements(write(tmp_path, text, name), extras)


def test_missing_and_unreadable_files_are_the_callers_mistake(tmp_path):
    (tmp_path / "requirements.in").write_bytes(b"\xff")

    with pytest.raises(ConfigurationError, match="does not exist"):
        read_requirements(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_requirements(tmp_path / "requirements.in")
