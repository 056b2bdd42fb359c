"""A new project as it is written; tests/integration sets one up and runs it."""

import base64
import csv
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import groundwork
from groundwork.errors import ConfigurationError, EnvironmentBroken
from groundwork.project import TEMPLATES, _new, _own_wheel, load_config, load_serve_config, new_project
from groundwork.storage import read

ROOT = Path(__file__).parents[3]
PACKAGE = Path(groundwork.__file__).parent


class Installed:
    """What importlib.metadata says of a groundwork that is installed."""

    version = "1.2.3"

    def read_text(self, name):
        return {"METADATA": "Name: groundwork\n", "entry_points.txt": "[console_scripts]\n"}.get(name)


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    monkeypatch.setattr(_own_wheel, "distribution", lambda name: Installed())


@pytest.fixture(scope="module", params=TEMPLATES)
def project(tmp_path_factory, request):
    """A project of each template, which no test changes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(_own_wheel, "distribution", lambda name: Installed())
        return new_project(tmp_path_factory.mktemp("new") / "churn-model", template=request.param)


@pytest.fixture
def no_wheel(monkeypatch):
    """Leaves out what takes half a second and is of no matter to the test."""
    monkeypatch.setattr(_new, "write_own_wheel", lambda folder: ("1.2.3", "groundwork==1.2.3\n"))


def pins(path):
    return re.split(r"\n(?=\w)", path.read_text(encoding="ascii").strip())


def test_the_project_is_filled_out_to_the_last_word(project):
    texts = {path: path.read_text(encoding="utf-8") for path in project.rglob("*") if path.suffix not in (".whl", "")}

    assert not [path for path, text in texts.items() if re.search("@[A-Z]+@", text + path.name)]
    assert (project / "src/churn_model/training.py").is_file()
    assert {path.name for path in project.iterdir()} >= {
        *(".env.example", ".gitignore", ".dockerignore", ".pre-commit-config.yaml", ".github", "Dockerfile"),
        *("README.md", "bootstrap.py", "configs", "data", "pipeline.yaml", "pyproject.toml", "requirements.lock"),
        *("src", "tests", "wheels"),
    }


def test_every_pipeline_of_the_project_is_free_of_mistakes(project):
    names = {load_config(path).name for path in (project / "pipeline.yaml", *(project / "configs").iterdir())}

    assert names == {"churn-model", "churn-model-linear"}


@pytest.mark.parametrize("name", ["null", "true", "my.churn", "o0x1"])
def test_a_name_that_means_something_in_yaml_or_toml_stays_a_name(tmp_path, no_wheel, name):
    project = new_project(tmp_path / name, template="library")

    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))

    assert read(project / "pipeline.yaml")["name"] == name
    assert (about["project"]["name"], [*about["project"]["scripts"]]) == (name, [name])


def test_its_yaml_and_toml_can_be_read(project):
    workflow = read(project / ".github/workflows/test.yml")
    hooks = read(project / ".pre-commit-config.yaml")
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))

    assert workflow["jobs"]["test"]["steps"][-1]["run"] == "python3 bootstrap.py test"
    assert [hook["id"] for hook in hooks["repos"][0]["hooks"]] == ["ruff-check", "ruff-format", "mypy"]
    assert (about["project"]["name"], about["tool"]["flit"]["module"]["name"]) == ("churn-model", "churn_model")
    assert "groundwork>=1.2.3" in about["project"]["dependencies"]


def test_the_lock_pins_the_wheel_beside_it_in_order(project):
    (wheel,) = (project / "wheels").iterdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()

    lock = pins(project / "requirements.lock")

    assert f"groundwork==1.2.3 \\\n    --hash=sha256:{digest}" in lock
    assert lock == sorted(lock, key=lambda pin: pin.partition("==")[0])


def test_the_lock_of_new_projects_is_a_part_of_ours():
    ours = pins(ROOT / "requirements.lock")
    theirs = pins(PACKAGE / "project/templates/requirements.lock")
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    # To write it anew: the dependencies of pyproject.toml and the tools named below, one a line, into a file for
    # uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate -c requirements.lock
    assert set(theirs) <= set(ours)
    needed = {re.match(r"[\w.-]+", one)[0] for one in [*about["dependencies"], "flit-core", "mypy", "pytest", "ruff"]}
    assert needed <= {pin.partition("==")[0] for pin in theirs}


def test_the_service_is_described_without_mistakes(tmp_path, no_wheel):
    project = new_project(tmp_path / "mine", template="service")

    config = load_serve_config(project / "serve.yaml")

    assert "customers" in str(config)
    assert "serve.yaml" in (project / "Dockerfile").read_text(encoding="utf-8")
    assert (project / "src/mine/training.py").is_file()


def test_every_template_is_there():
    assert {path.name for path in (PACKAGE / "project/templates").iterdir() if path.is_dir()} == set(TEMPLATES)


def test_equal_sources_give_an_equal_project(tmp_path):
    first, second = (new_project(tmp_path / name / "mine") for name in "ab")

    assert {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()} == {
        path.relative_to(second): path.read_bytes() for path in second.rglob("*") if path.is_file()
    }


def test_the_wheel_holds_every_file_and_its_record_is_right(project):
    (path,) = (project / "wheels").iterdir()
    with zipfile.ZipFile(path) as wheel:
        held = {name: wheel.read(name) for name in wheel.namelist()}

    sources = {one.relative_to(PACKAGE.parent).as_posix() for one in PACKAGE.rglob("*") if one.is_file()}
    rows = list(csv.reader(held["groundwork-1.2.3.dist-info/RECORD"].decode().splitlines()))

    assert {name for name in held if ".dist-info/" not in name} == {
        name for name in sources if "__pycache__" not in name
    }
    assert [row[0] for row in rows] == list(held)
    for name, digest, size in rows[:-1]:
        found = base64.urlsafe_b64encode(hashlib.sha256(held[name]).digest()).rstrip(b"=").decode()
        assert (digest, size) == (f"sha256={found}", str(len(held[name])))


@pytest.mark.parametrize("name", ["1st", "my model", "model-", "größe", "-x", ".hidden"])
def test_a_name_that_no_package_can_have_is_refused(tmp_path, name):
    with pytest.raises(ConfigurationError, match="cannot be a project's name"):
        new_project(tmp_path / name)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["json", "class", "Polars", "groundwork", "tests", "yaml", "rich", "flit-core"])
def test_a_name_that_would_hide_another_package_is_refused(tmp_path, name):
    with pytest.raises(ConfigurationError, match="would hide another one") as refused:
        new_project(tmp_path / name)

    assert refused.value.hint == f"choose a longer name, as {name}-model"


def test_a_template_that_is_not_there_is_refused_with_those_that_are(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no template 'vision'") as refused:
        new_project(tmp_path / "mine", template="vision")

    assert refused.value.hint == "there is: tabular, service, library"


def test_what_stands_there_is_never_touched(project):
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}

    with pytest.raises(ConfigurationError, match="is there already"):
        new_project(project)

    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before


def test_the_library_has_a_command_types_and_features_of_its_pipelines(tmp_path, no_wheel):
    project = new_project(tmp_path / "my.churn", template="library")
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))

    features = (project / "src/my_churn/features.py").read_text(encoding="utf-8")
    derived = load_config(project / "pipeline.yaml").derive

    assert about["project"]["scripts"] == {"my.churn": "my_churn.cli:main"}
    assert (project / "src/my_churn/py.typed").is_file()
    assert [name for name in derived if f'"{name}": {name}()' in features] == list(derived)


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["xy", "customer-churn-model-of-the-european-market"])
def test_its_code_has_no_lint_however_long_the_name(tmp_path, no_wheel, template, name):
    project = new_project(tmp_path / name, template=template)

    said = [
        subprocess.run([sys.executable, "-m", "ruff", *words, "."], cwd=project, capture_output=True, text=True).stdout
        for words in (("check",), ("format", "--check"))
    ]

    assert said[0] == "All checks passed!\n"
    assert re.fullmatch(r"\d+ files already formatted\n", said[1]), said[1]


def test_an_empty_folder_is_filled(tmp_path, no_wheel):
    (tmp_path / "mine").mkdir()

    folder = new_project(tmp_path / "mine")

    assert (folder / "pipeline.yaml").is_file()


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(_own_wheel, "distribution", missing)

    with pytest.raises(EnvironmentBroken, match="is not installed"):
        new_project(tmp_path / "mine")

    assert list(tmp_path.iterdir()) == []


def test_the_current_folder_is_not_replaced_under_a_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match="is the current folder"):
        new_project(".")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_ended_half_way_it_leaves_no_folder_behind(tmp_path, monkeypatch, error):
    def ended(folder):
        raise error

    monkeypatch.setattr(_new, "write_own_wheel", ended)

    with pytest.raises(error):
        new_project(tmp_path / "deep" / "down" / "mine")

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(EnvironmentBroken, match="cannot make"):
        new_project(tmp_path / "file" / "mine")
