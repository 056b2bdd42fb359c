"""The allowlist: what scikit-learn is made of, and nothing that runs or reads."""

import pytest

from groundwork.environment import register_plugin
from groundwork.errors import UnsafeCheckpoint
from groundwork.storage import _trust
from groundwork.storage._trust import require_trusted, untrusted_types


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "builtins.eval",
        "numpy.load",
        "numpy.memmap",
        "numpy.lib.npyio.load",
        "sklearn.datasets.fetch_openml",
        "sklearn.datasets._base.load_files",
        "sklearn.datasets._base.check_random_state",
        "sklearn.utils.fixes.np",
        "sklearn.base.warnings",
        "sklearn.no_such_module.Thing",
        "sklearn.base.NoSuchThing",
        "scipy.io.loadmat",
        "scipy.sparse.save_npz.os",
        "sklearnevil.Thing",
        "joblib.load",
    ],
)
def test_nothing_that_could_run_or_read_is_trusted(name):
    assert [name] == untrusted_types([name])


@pytest.mark.parametrize(
    "module", ["sklearn.datasets._base", "sklearn.tests.test_base", "sklearn.conftest", "sklearn.externals.odd", "os"]
)
def test_a_module_that_could_run_or_read_is_not_even_imported(monkeypatch, module):
    imported = []
    monkeypatch.setattr(_trust.importlib, "import_module", imported.append)

    refused = untrusted_types([f"{module}.Thing"])

    assert ([f"{module}.Thing"], []) == (refused, imported)


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.tree._tree.Tree",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "scipy.sparse._csr.csr_matrix",
        "numpy.log1p",
        "numpy.dtype",
    ],
)
def test_what_estimators_are_made_of_is_trusted(name):
    assert untrusted_types([name]) == []


def test_a_refusal_names_every_type_and_the_file():
    with pytest.raises(UnsafeCheckpoint, match=r"m\.skops: loading would bring in os\.system, a\.B") as caught:
        require_trusted(["os.system", "numpy.dtype", "a.B"], "m.skops")

    assert {"file": "m.skops", "types": ["os.system", "a.B"]} == caught.value.context


def test_an_estimator_that_an_installed_package_declares_is_trusted_and_nothing_else_of_it(installed):
    installed("shelf", {"estimator": {"nearest": "shelf:Nearest", "bad": "shelf:none"}})

    assert ["shelf.cost", "shelf.Missing", "attic.Nearest"] == untrusted_types(
        ["shelf.Nearest", "shelf.cost", "shelf.Missing", "attic.Nearest"]
    )


def test_what_is_not_installed_is_told_as_that():
    with pytest.raises(UnsafeCheckpoint) as absent:
        require_trusted(["not_there.Nearest", "os.system"], "model.skops")
    with pytest.raises(UnsafeCheckpoint) as there:
        require_trusted(["__main__.Nearest", "os.system"], "model.skops")

    assert absent.value.hint == "not_there cannot be imported here; install the package that brings it"
    assert there.value.hint == "if you know who made this file, load it with trust=True"


def test_a_class_that_this_process_registered_as_an_estimator_is_trusted(installed, forgotten):
    installed("shelf", {})
    from shelf import Nearest

    register_plugin("estimator", "nearest", Nearest)

    assert untrusted_types(["shelf.Nearest"]) == []
