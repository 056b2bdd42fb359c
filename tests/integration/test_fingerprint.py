"""The fingerprint of one environment, taken by processes that were started in different ways."""

import os
import subprocess
import sys

import pytest

PRINT = "from groundwork.environment import fingerprint; print(fingerprint().digest)"
IMPORTED = (
    "import sys; from groundwork.environment import fingerprint; fingerprint(); "
    "print(sorted({'numpy', 'torch', 'sklearn', 'polars', 'pydantic', 'packaging'} & set(sys.modules)))"
)


def said(code, folder=None, **variables):
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"} | variables
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


@pytest.mark.integration
def test_every_start_in_every_folder_has_one_digest(tmp_path):
    elsewhere = tmp_path / "a folder"
    elsewhere.mkdir()

    digests = {
        said(PRINT),
        said(PRINT, elsewhere),
        said(PRINT, PYTHONHASHSEED="random"),
        said(PRINT, HOME=str(tmp_path), LANG="C", UNRELATED="1"),
    }

    assert len(digests) == 1


@pytest.mark.integration
@pytest.mark.parametrize(
    "variable", ["OMP_NUM_THREADS", "PYTHONHASHSEED", "MKL_CBWR", "CUDA_VISIBLE_DEVICES", "POLARS_MAX_THREADS"]
)
def test_a_variable_that_matters_makes_another_digest(variable):
    assert said(PRINT, **{variable: "1"}) != said(PRINT)


@pytest.mark.integration
def test_nothing_is_imported_for_it():
    assert said(IMPORTED) == "[]"
