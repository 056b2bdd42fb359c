"""The contract tests share their proofs."""

import sys
from pathlib import Path

import pytest

from groundwork.course import find_exercise

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package
sys.path.insert(0, str(find_exercise("07").path / "starter"))  # where a learner has the module that the suites test
pytest.register_assert_rewrite("proofs")
