import pytest

from groundwork.errors import ConfigurationError
from groundwork.serving import serve


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host": 5}, "host is 5"),
        ({"port": 70000}, "port is 70000"),
        ({"port": "x"}, "port is 'x'"),
        ({"port": True}, "port is True"),
        ({"port": None}, "port is None"),
        ({"grpc_port": -1}, "grpc_port is -1"),
        ({"workers": 0}, "workers is 0"),
        ({"workers": 1.5}, "workers is 1.5"),
        ({"drain_s": -1}, "drain_s is -1"),
        ({"drain_s": "x"}, "drain_s is 'x'"),
        ({"shutdown_s": float("nan")}, "shutdown_s is nan"),
    ],
)
def test_what_no_server_can_begin_with_is_told_before_it_begins(model, options, words):
    with pytest.raises(ConfigurationError, match=words):
        serve({"m": model}, **options)
