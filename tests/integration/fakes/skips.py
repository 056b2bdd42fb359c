"""Skips the test that it is in."""

import pytest


def total(numbers):
    pytest.skip("not today")
