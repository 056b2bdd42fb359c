import mmap
import sys
from pathlib import Path

import pytest

from groundwork.errors import UsageError
from groundwork.testing import _memory_limit, memory_limit

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell")
MB = 1_000_000


def touch(count):
    """Hold fresh pages of the kernel for a moment: what the allocator kept of earlier tests would cost nothing."""
    with mmap.mmap(-1, count) as pages:
        for at in range(0, count, mmap.PAGESIZE):
            pages[at] = 1


def test_a_block_that_holds_more_fails_with_both_numbers():
    with (
        pytest.raises(AssertionError, match=r"held [56]\d\.\d MB at its peak; allowed are 20\.0 MB"),
        memory_limit(20 * MB),
    ):
        touch(60 * MB)  # given back at once: the peak counts


def test_a_block_within_its_limit_passes():
    with memory_limit(120 * MB):
        touch(60 * MB)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forgets a peak")
def test_an_earlier_peak_hides_no_later_one():
    touch(90 * MB)

    with pytest.raises(AssertionError, match="allowed are 20"), memory_limit(20 * MB):
        touch(60 * MB)


def test_where_the_peak_cannot_be_reset_a_higher_one_is_seen(monkeypatch):
    monkeypatch.setattr(_memory_limit, "_RESET", Path("/no/such/file"))
    peaks = iter([50 * MB, 80 * MB])
    monkeypatch.setattr(_memory_limit, "peak_memory_bytes", lambda: next(peaks))

    with pytest.raises(AssertionError, match=r"held 30\.0 MB"), memory_limit(20 * MB):
        pass


def test_a_negative_limit_and_a_mute_system_are_refused(monkeypatch):
    with pytest.raises(UsageError, match="-1 bytes"), memory_limit(-1):
        pass

    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UsageError, match="Windows"), memory_limit(1):
        pass
