import pytest

from groundwork.errors import ConfigurationError
from groundwork.serving import create_app


@pytest.mark.parametrize("keys", [[], (), set()])
def test_an_empty_list_of_keys_is_refused_as_it_would_open_to_all(model, keys):
    with pytest.raises(ConfigurationError, match="api_keys is empty"):
        create_app({"m": model}, api_keys=keys)


def test_no_keys_are_asked_for_where_none_are_wanted(ask, model):
    assert ask({"m": model}, lambda client: client.predict([{"x": 1}]), api_keys=None).status == 200


@pytest.mark.parametrize(("rate", "burst", "admitted"), [(0.001, None, 1), (4.0, None, 4), (0.001, 3, 3)])
def test_a_burst_follows_the_rate_unless_it_is_given(model, rate, burst, admitted):
    options = {} if burst is None else {"client_burst": burst}

    clients = create_app({"m": model}, client_rate_per_s=rate, **options).core.clients

    assert clients._burst == admitted


def test_a_burst_that_would_let_nobody_in_is_refused(model):
    with pytest.raises(ConfigurationError, match=r"client_burst is 0\.5"):
        create_app({"m": model}, client_burst=0.5)
