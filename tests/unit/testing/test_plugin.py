from groundwork.testing.plugin import virtual_clock  # noqa: F401 - a fixture


def test_the_clock_of_a_test_starts_at_zero(virtual_clock):  # noqa: F811 - the fixture above
    virtual_clock.sleep(60)

    assert virtual_clock.monotonic() == 60
