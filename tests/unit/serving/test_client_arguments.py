"""What a client is given is refused by name, before anything is asked."""

import pytest

from groundwork.errors import ConfigurationError, UsageError
from groundwork.serving import AsyncClient, Client


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": 5}, "url is 5"),
        ({"url": "localhost:8000"}, "no address"),
        ({"url": "http://h:8000/?model=m"}, "url is .* query"),
        ({"url": "http://h:8000/#part"}, "url is .* fragment"),
        ({"model": 5}, "model is 5"),
        ({"version": 2.5}, "version is 2.5"),
        ({"version": True}, "version is True"),
        ({"retry": 5}, "retry is 5"),
        ({"verify": "nofile"}, "verify is 'nofile'"),
        ({"verify": None}, "verify is None"),
        ({"binary": "yes"}, "binary is 'yes'"),
        ({"headers": "X: y"}, "headers is 'X: y'"),
        ({"headers": {"X": "a\nb"}}, r"headers\['X'\]"),
        ({"headers": {"X": 5}}, r"headers\['X'\]"),
        ({"headers": {"X\r\nY": "a"}}, "headers has the name"),
        ({"headers": {5: "a"}}, "headers has the name 5"),
        ({"timeout_s": "5"}, "timeout_s is '5'"),
        ({"timeout_s": float("nan")}, "timeout_s is nan"),
        ({"timeout_s": 0}, "timeout_s is 0"),
        ({"connections": 1.5}, "connections is 1.5"),
        ({"connections": 0}, "connections is 0"),
    ],
)
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_an_argument_that_cannot_work_is_named_when_the_client_is_made(kind, options, words):
    with pytest.raises(ConfigurationError, match=words):
        kind(**options)


@pytest.mark.parametrize("key", ["secret\n", 5, b"secret"])
def test_a_key_that_is_no_text_of_one_line_is_refused_and_not_shown(key):
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        Client(api_key=key)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("version", ["2", 2])
def test_a_version_may_be_a_number(version):
    assert "2" == AsyncClient(version=version)._version


def test_a_key_and_headers_go_with_each_request():
    client = AsyncClient(headers={"X-Team": "größer\tals"}, api_key="k")

    assert {"X-Team": "größer\tals", "Authorization": "Bearer k"} == client._session.headers


@pytest.mark.parametrize("inputs", [5, [1], {5: [1]}])
def test_inputs_without_names_are_refused_before_anything_is_sent(inputs):
    with Client() as client, pytest.raises(UsageError, match="inputs is a"):
        client.infer(inputs)


@pytest.mark.parametrize("options", [{"batch_rows": "5"}, {"batch_rows": 0}, {"concurrency": 1.5}])
def test_numbers_with_which_a_stream_would_not_move_are_named(options):
    with Client() as client, pytest.raises(ConfigurationError, match=next(iter(options))):
        next(client.predict_stream([1], **options))
