import pytest

from groundwork.environment._resolve_conflict import Conflict, Demand, read_conflict

CLAUSES_OF_TODAY = """error: No solution found when resolving dependencies
  cause: Because typer>=0.20.0,<=0.20.1 depends on click>=8.0.0 and shop depends on click<8, we can conclude that \
your requirements and typer>=0.20.0,<=0.20.1 are incompatible.
         And because shop depends on typer>=0.20,<0.21, we can conclude that your requirements are unsatisfiable.
"""
TREE_OF_BEFORE = """  \u00d7 No solution found when resolving dependencies:
  ╰─▶ Because typer>=0.20.0,<=0.20.1 depends on click>=8.0.0 and you require
      click<8, we can conclude that your requirements and typer>=0.20.0,<=0.20.1
      are incompatible.
      And because you require typer>=0.20,<0.21, we can conclude that your
      requirements are unsatisfiable.
"""
OF_PIP = """Collecting typer<0.21,>=0.20 (from -r r.in (line 1))
  Downloading typer-0.20.1-py3-none-any.whl (47 kB)
Collecting click<8 (from -r r.in (line 2))
ERROR: Cannot install -r r.in (line 1) and click<8 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested click<8
    typer 0.20.1 depends on click>=8.0.0
    The user requested click<8
    typer 0.20.0 depends on click>=8.0.0

To fix this you could try to:
1. loosen the range of package versions you've specified
"""


@pytest.mark.parametrize("output", [CLAUSES_OF_TODAY, TREE_OF_BEFORE], ids=["clauses", "tree"])
def test_proof_of_uv_is_told_as_chains_from_the_project(output):
    conflict = read_conflict(output, "Shop")

    assert conflict.contested == ["click"]
    assert conflict.chains("shop") == [
        "shop asks for typer>=0.20,<0.21; typer>=0.20.0,<=0.20.1 asks for click>=8.0.0",
        "shop asks for click<8",
    ]


def test_list_of_pip_is_told_the_same_once_for_all_versions_that_it_tried():
    conflict = read_conflict(OF_PIP, "shop", ["typer>=0.20,<0.21", "click<8"])

    assert conflict.contested == ["click"]
    assert conflict.chains("shop") == [
        "shop asks for click<8",
        "shop asks for typer>=0.20,<0.21; typer==0.20.1 asks for click>=8.0.0",
    ]


def test_pip_tells_the_way_over_packages_in_between():
    output = OF_PIP.replace("(from -r r.in (line 1))", "(from cli==2->-r r.in (line 1))", 1)

    chains = read_conflict(output, "shop", ["cli==2", "click<8"]).chains("shop")

    assert "shop asks for cli==2; cli==2 asks for typer<0.21,>=0.20; typer==0.20.1 asks for click>=8.0.0" in chains


def test_marker_of_a_requirement_is_said_in_words():
    output = (
        "No solution found\nBecause pandas==2.2.0 depends on numpy{python_full_version >= '3.12'}>=1.26.0,<2 and shop "
        "depends on numpy<1.20 and pandas==2.2.0, we can conclude that your requirements are unsatisfiable.\n"
        "hint: While the active Python version is 3.11, and so on depends on nothing.\n"
    )

    assert read_conflict(output, "shop").chains("shop") == [
        "shop asks for pandas==2.2.0; pandas==2.2.0 asks for numpy>=1.26.0,<2 where python_full_version >= '3.12'",
        "shop asks for numpy<1.20",
    ]


@pytest.mark.parametrize(
    "remark",
    ["only numpy<=2.5.5 is available", "numpy was not found in the package registry", "there are no versions of numpy"],
)
def test_what_the_index_lacks_is_a_remark(remark):
    output = f"No solution found\nBecause {remark} and you require numpy>=99, we can conclude that it fails."

    conflict = read_conflict(output, "")

    assert (conflict.remarks, conflict.chains("it")) == ((remark,), ["it asks for numpy>=99"])


def test_two_requirements_of_the_project_itself_exclude_each_other():
    output = "No solution found\nBecause shop depends on numpy<2 and numpy>2.1, we can conclude that it fails."

    assert read_conflict(output, "shop").chains("shop") == ["shop asks for numpy<2", "shop asks for numpy>2.1"]


def test_conclusions_are_not_taken_for_requirements():
    output = (
        "No solution found\nBecause a==1 depends on b>2 and shop depends on a==1, we can conclude that shop depends "
        "on b>2. (1)\nBecause c==1 depends on b<2 and we know from (1) that shop depends on b>2, we can conclude that "
        "c==1 is out. And because your project requires c==1, we can conclude that it fails."
    )

    assert read_conflict(output, "shop").demands == (
        Demand("a==1", "b>2"),
        Demand("", "a==1"),
        Demand("c==1", "b<2"),
        Demand("", "c==1"),
    )


def test_requirement_whose_asker_nobody_asks_for_stands_alone():
    conflict = Conflict((Demand("a==1", "b<2"), Demand("c==1", "b>2")))

    assert conflict.chains("shop") == ["a==1 asks for b<2", "c==1 asks for b>2"]


def test_pip_that_finds_no_such_version_names_the_newest():
    output = (
        "ERROR: Could not find a version that satisfies the requirement numpy>=99 (from versions: 1.3.0, 2.4.6)\n"
        "ERROR: No matching distribution found for numpy>=99\n"
    )

    conflict = read_conflict(output, "shop", ["numpy>=99"])

    assert conflict.remarks == ("there is no numpy>=99; the newest version is 2.4.6",)
    assert conflict.chains("shop") == ["shop asks for numpy>=99"]


@pytest.mark.parametrize(
    "output", ["", "No space left", "(from versions: none)", "requirement x (from versions: none)"]
)
def test_other_failures_are_no_conflict(output):
    assert read_conflict(output, "shop") is None
