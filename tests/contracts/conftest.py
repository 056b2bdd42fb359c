"""The contract tests share their proofs."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package
pytest.register_assert_rewrite("proofs")
