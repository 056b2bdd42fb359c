import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError
from groundwork.serving._clients import ClientLimits, client_key
from groundwork.testing import VirtualClock


def test_a_client_that_used_up_its_share_is_told_when_there_is_more_and_others_are_let_in():
    clock = VirtualClock()
    limits = ClientLimits(2.0, 3, clock=clock)

    greedy = [limits.admit("a") for _ in range(5)]
    other = limits.admit("b")
    clock.advance(greedy[-1])

    assert greedy == [0.0, 0.0, 0.0, 0.5, 0.5]
    assert (other, limits.admit("a"), limits.admit("a")) == (0.0, 0.0, 0.5)


def test_more_requests_at_once_than_can_be_saved_up_take_everything_and_are_let_in_some_time():
    clock = VirtualClock()
    limits = ClientLimits(2.0, 3, clock=clock)

    first, second = limits.admit("a", 100), limits.admit("a", 100)
    clock.advance(second)

    assert (first, second, limits.admit("a", 100)) == (0.0, 1.5, 0.0)


def test_the_client_that_was_quiet_longest_is_forgotten_first():
    limits = ClientLimits(1.0, 1, max_clients=2, clock=VirtualClock())
    limits.admit("old")
    limits.admit("busy")
    limits.admit("old")

    limits.admit("new")

    assert len(limits) == 2
    assert limits.admit("old") > 0
    assert limits.admit("busy") == 0.0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"rate_per_s": 0}, "rate_per_s is 0"),
        ({"burst": 0.5}, "burst is 0.5"),
        ({"burst": float("inf")}, "burst is inf"),
        ({"max_clients": 0}, "max_clients is 0"),
    ],
)
def test_a_number_out_of_range_is_named_when_the_server_starts(options, named):
    with pytest.raises(ConfigurationError, match=named):
        ClientLimits(**{"rate_per_s": 1.0, "burst": 1, **options})


def test_the_systems_clock_is_used_where_none_is_given():
    limits = ClientLimits(0.001, 1)

    assert limits.admit("a") == 0.0
    assert limits.admit("a") > 900


@pytest.mark.parametrize(
    ("api_key", "address", "key"),
    [
        ("secret", "10.0.0.1", "key secret"),
        ("10.0.0.1", "10.0.0.2", "key 10.0.0.1"),
        (None, "10.0.0.1", "10.0.0.1"),
        (None, "::ffff:10.0.0.1", "10.0.0.1"),
        (None, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (None, "2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        (None, "fe80::1%eth0", "fe80::/64"),
        (None, "not:an:address", "not:an:address"),
        (None, "", ""),
    ],
)
def test_a_client_is_its_key_or_the_network_that_it_calls_from(api_key, address, key):
    assert client_key(api_key, address) == key


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from([0.0, 0.1, 1.0]), st.integers(1, 5)),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 6),
)
def test_no_client_that_is_remembered_exceeds_its_rate_and_no_more_are_remembered_than_may(plan, max_clients):
    clock = VirtualClock()
    limits = ClientLimits(2.0, 3, max_clients=max_clients, clock=clock)
    admitted = {client: [] for client in "abcdef"}

    for client, gap, requests in plan:
        clock.advance(gap)
        if limits.admit(client, requests) == 0.0:
            admitted[client].append((clock.monotonic(), min(requests, 3)))
        assert len(limits) <= max_clients

    if max_clients == 6:
        for log in admitted.values():
            for first, (start_s, _) in enumerate(log):
                for last, (end_s, _) in enumerate(log[first:], first):
                    total = sum(requests for _, requests in log[first : last + 1])
                    assert total <= 3 + 2.0 * (end_s - start_s) + 1e-6
