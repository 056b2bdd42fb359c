"""Where the contract of a project finds what the project says of itself."""

import sysconfig
from types import SimpleNamespace

import pytest

from groundwork.errors import ContractBroken
from groundwork.testing.contracts import _mod_project

METADATA = """Metadata-Version: 2.4
Name: scorecard
Version: 1.2
Requires-Python: >=3.11
Requires-Dist: numpy>=2
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages that holds one; its module is what is graded."""
    files = {
        "scorecard.py": "",
        "scorecard-1.2.dist-info/METADATA": METADATA,
        "scorecard-1.2.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: flit 4.0\n",
        "scorecard-1.2.dist-info/entry_points.txt": "[console_scripts]\nscore = scorecard:main\n",
        "scorecard-1.2.dist-info/RECORD": "scorecard.py,,\nscorecard-1.2.dist-info/METADATA,,\n",
        "other-1.0.dist-info/METADATA": "Metadata-Version: 2.4\nName: other\nVersion: 1.0\n",
        "other-1.0.dist-info/RECORD": "other.py,,\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    return tmp_path


def subject(folder, name="scorecard"):
    return SimpleNamespace(__file__=str(folder / f"{name}.py"), __name__=name)


def test_an_installed_module_is_described_by_its_metadata(site):
    _mod_project.the_project_says_what_it_is(subject(site), None)

    assert {"score": "scorecard:main"} == _mod_project._commands(subject(site))[0]


def test_what_the_metadata_does_not_say_is_not_made_up(site):
    (site / "scorecard-1.2.dist-info/METADATA").write_text(METADATA.replace("Requires-Python: >=3.11\n", ""))

    with pytest.raises(ContractBroken, match="requires-python in"):
        _mod_project.the_project_says_what_it_is(subject(site), None)


def test_what_was_built_has_something_to_build(site):
    _mod_project._expect_something_to_build(subject(site), (site,))


def test_a_module_that_no_wheel_brought_needs_its_project(site):
    with pytest.raises(ContractBroken, match=r"pyproject\.toml is not written yet"):
        _mod_project.the_project_says_what_it_is(subject(site, "mine"), None)


def test_in_a_folder_of_ones_own_metadata_is_no_project(site, monkeypatch, tmp_path_factory):
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path_factory.getbasetemp()))

    with pytest.raises(ContractBroken, match=r"pyproject\.toml is not written yet"):
        _mod_project.the_project_says_what_it_is(subject(site), None)
