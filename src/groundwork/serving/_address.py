"""Where a server is."""

from urllib.parse import SplitResult, urlsplit

from groundwork.errors import ConfigurationError


def parsed(url: str) -> SplitResult:
    """Return the parts of a server's address.

    Args:
        url: As ``http://127.0.0.1:8000``.

    Raises:
        ConfigurationError: It is no http or https URL with a host.
    """
    try:
        parts = urlsplit(url)
        found = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of a port that is no number, or half an IPv6 address
        found = False
    if not found:
        raise ConfigurationError(f"{url!r} is no address of a server", hint="Give one like http://127.0.0.1:8000.")
    return parts
