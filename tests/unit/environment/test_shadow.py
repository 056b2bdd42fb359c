import pytest

from groundwork.environment._shadow import check_shadowed


def told(subject):
    return [(one.severity, one.found) for one in check_shadowed(subject)]


@pytest.fixture
def look(subject, tmp_path, package):
    """A project folder ahead of a package called tiny."""
    one = subject()
    package(tmp_path / "site", "tiny")
    return one


def test_nothing_hidden_is_fine(look):
    (look.workdir / "train.py").write_text("")

    assert told(look) == [("ok", "no module hides another")]


@pytest.mark.parametrize("name", ["tiny.py", "tiny/__init__.py", "tiny.cpython-311-x86_64-linux-gnu.so", "tiny.pyd"])
def test_module_of_the_project_hides_an_installed_one(look, name):
    path = look.workdir / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")

    (one,) = check_shadowed(look)

    hiding = look.workdir / name.split("/")[0]
    assert (one.severity, one.found.split(" (")[0]) == ("error", f"{hiding} hides the installed tiny")
    assert one.fix == f"mv -n -- {hiding} {look.workdir / ('own_' + hiding.name)}"


def test_module_of_the_project_hides_one_of_the_standard_library(look):
    (look.workdir / "random.py").write_text("")

    assert told(look) == [("error", f"{look.workdir / 'random.py'} hides the module random of the standard library")]


@pytest.mark.parametrize("name", ["tiny/data.txt", "tests/__init__.py", "test.py", "os.py", "tiny.txt", "tiny-2.py"])
def test_what_hides_nothing_is_passed_over(look, name, package, tmp_path):
    package(tmp_path / "site", "tests")
    path = look.workdir / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")

    assert told(look) == [("ok", "no module hides another")]


def test_earlier_entry_of_the_search_path_hides_too(subject, tmp_path, package):
    package(tmp_path / "site", "tiny")
    ahead, between = tmp_path / "ahead", tmp_path / "between"
    for folder in (ahead, between):
        folder.mkdir()
        (folder / "random.py").write_text("")
    (between / "tiny.py").write_text("")
    after = tmp_path / "after"
    after.mkdir()
    (after / "tiny.py").write_text("")
    zipped, stdlib, site = tmp_path / "python311.zip", tmp_path / "stdlib", tmp_path / "site"

    found = told(subject(path=(ahead, zipped, stdlib, stdlib / "lib-dynload", between, site, after)))

    assert [words.split(" (")[0] for _, words in found] == [
        f"{ahead / 'random.py'} hides the module random of the standard library",
        f"{between / 'tiny.py'} hides the installed tiny",
    ]


def test_module_that_is_the_installed_one_hides_nothing(look, tmp_path):
    (look.workdir / "tiny").symlink_to(tmp_path / "site" / "tiny")

    assert told(look) == [("ok", "no module hides another")]


@pytest.mark.parametrize(
    ("project", "fine"),
    [
        ('[project]\nname = "Tiny"', True),
        ('[project]\nname = "big"', False),
        ('[project]\nname = "the-wheel"', True),
        ("[project]\nname = 5", False),
        ("[tool.x]", False),
        ("no toml", False),
    ],
)
def test_project_that_is_installed_may_lie_in_its_folder(look, tmp_path, package, project, fine):
    (look.workdir / "pyproject.toml").write_text(project)
    package(tmp_path / "site", "the_wheel", files={"tiny/extra.py": ""})
    if "the-wheel" in project:
        (tmp_path / "site/tiny-1.0.dist-info/RECORD").unlink()
    (look.workdir / "tiny.py").write_text("")

    assert told(look)[0][0] == ("ok" if fine else "error")


def test_folder_that_cannot_be_read_hides_nothing(subject, tmp_path):
    (tmp_path / "file").write_text("")

    assert told(subject(path=(tmp_path / "file", tmp_path / "none"), stdlib=None)) == [
        ("ok", "no module hides another")
    ]
