"""What a client is given, looked at when it is made.

Rule: what cannot work is refused by the name of the argument, and not by a foreign error at the first request; a key
never stands in a message.
"""

import re
from collections.abc import Mapping
from numbers import Integral, Real

from groundwork.errors import ConfigurationError, UsageError
from groundwork.serving._address import parsed

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def address_of(url: object) -> str:
    """Return the address that paths are put after.

    Args:
        url: As the caller gave it.

    Raises:
        ConfigurationError: It is no address of a server, or has a query or a fragment.
    """
    if not isinstance(url, str):
        raise ConfigurationError(f"url is {url!r}, which is no text", hint="Give one like http://127.0.0.1:8000.")
    parsed(url)
    if "?" in url or "#" in url:
        raise ConfigurationError(
            f"url is {url!r}, with a query or a fragment", hint="Give the address alone; model= and version= say more."
        )
    return url.rstrip("/")


def version_of(version: object) -> str | None:
    """Return a model's version as text.

    Args:
        version: Text, a whole number, or None.

    Raises:
        ConfigurationError: It is something else.
    """
    if version is None or isinstance(version, str):
        return version
    if isinstance(version, Integral) and not isinstance(version, bool):
        return str(int(version))
    raise ConfigurationError(f"version is {version!r}; give it as text or a whole number")


def headers_of(headers: object, api_key: object) -> dict[str, str]:
    """Return the headers of each request.

    Args:
        headers: As the caller gave them, or None.
        api_key: As the caller gave it, or None.

    Raises:
        ConfigurationError: Something is no text, or would break out of its line.
    """
    if headers is not None and not isinstance(headers, Mapping):
        raise ConfigurationError(f"headers is {headers!r}; give a mapping of names to values")
    found: dict[str, str] = {}
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ConfigurationError(f"headers has the name {name!r}, which HTTP does not allow")
        if not _fits(value):
            raise ConfigurationError(f"headers[{name!r}] is no text of one line", hint="Give a str without newlines.")
        found[name] = value
    if api_key is not None and not _fits(api_key):
        raise ConfigurationError("api_key is no text of one line", hint="A key read from a file may need strip().")
    return {**found, **({"Authorization": f"Bearer {api_key}"} if api_key else {})}


def check_kind(name: str, value: object, wanted: type) -> None:
    """Refuse what is neither of a type nor None.

    Args:
        name: How the argument is called.
        value: Its value.
        wanted: The type.

    Raises:
        ConfigurationError: It is something else.
    """
    if value is not None and not isinstance(value, wanted):
        raise ConfigurationError(f"{name} is {value!r}; give {wanted.__name__} or leave it out")


def check_verify(verify: object) -> None:
    """Refuse what does not say whether certificates are checked.

    Args:
        verify: True or False.

    Raises:
        ConfigurationError: It is something else, as the path of a certificate.
    """
    if not isinstance(verify, bool):
        raise ConfigurationError(
            f"verify is {verify!r}; give True or False", hint="SSL_CERT_FILE names a file of certificates to trust."
        )


def check_seconds(name: str, value: object) -> None:
    """Refuse what is no time to wait; infinity is one.

    Args:
        name: How the argument is called.
        value: Its value.

    Raises:
        ConfigurationError: It is no number above 0.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not float(value) > 0:
        raise ConfigurationError(f"{name} is {value!r}; it must be a number of seconds above 0")


def check_count(name: str, value: object) -> None:
    """Refuse what is no whole number from 1 on.

    Args:
        name: How the argument is called.
        value: Its value.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
        raise ConfigurationError(f"{name} is {value!r}; it must be a whole number, at least 1")


def check_stream(batch_rows: int, concurrency: int) -> None:
    """Refuse numbers with which a stream would not move.

    Args:
        batch_rows: How many rows go in one request.
        concurrency: How many requests are under way at once.

    Raises:
        ConfigurationError: One is below 1.
    """
    check_count("batch_rows", batch_rows)
    check_count("concurrency", concurrency)


def check_inputs(inputs: object) -> None:
    """Refuse what names no inputs.

    Args:
        inputs: Arrays by the name of the input.

    Raises:
        UsageError: It is no mapping, or a name is no text.
    """
    if not isinstance(inputs, Mapping) or not all(isinstance(name, str) for name in inputs):
        raise UsageError(
            f"inputs is a {type(inputs).__name__}, which names no inputs by text", hint='Pass them as {"name": array}.'
        )


def _fits(value: object) -> bool:
    return isinstance(value, str) and not _CONTROL.search(value)
