"""The plugin as pytest finds it where groundwork is installed."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

SUITE = """
import pytest


def test_clock(virtual_clock):
    virtual_clock.sleep(3600)


@pytest.mark.slow
def test_slow():
    raise AssertionError
"""


def test_it_loads_itself_by_its_entry_point_and_can_be_left_out(tmp_path):
    (tmp_path / "test_mine.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]

    within, without = (
        subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120).stdout
        for line in (command, [*command, "-p", "no:groundwork"])
    )

    assert "1 passed, 1 skipped" in within
    assert "fixture 'virtual_clock' not found" in without
