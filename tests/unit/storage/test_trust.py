"""The allowlist: what scikit-learn is made of, and nothing that runs or reads."""

import pytest

from groundwork.errors import UnsafeCheckpoint
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
