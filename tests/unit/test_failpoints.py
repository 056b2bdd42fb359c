import pytest

from groundwork._failpoints import arm, disarm, failpoint


def test_an_unarmed_failpoint_does_nothing():
    assert failpoint("nobody.armed.this") is None


def test_an_armed_failpoint_acts_until_it_is_disarmed():
    def fail():
        raise OSError("full")

    arm("a.b", fail)
    try:
        failpoint("another")
        with pytest.raises(OSError, match="full"):
            failpoint("a.b")
    finally:
        disarm("a.b")

    assert failpoint("a.b") is None
