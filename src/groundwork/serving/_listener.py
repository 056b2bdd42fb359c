"""The socket that a server listens on: its address, its certificate.

Rule: what cannot be listened on is said in one sentence before anything is loaded.
"""

import socket
import ssl
import sys
from contextlib import suppress
from pathlib import Path

from groundwork.errors import ConfigurationError, WorldError

BACKLOG = 2048
"""How many connections the system may hold until they are accepted."""


SHARES_PORTS = sys.platform == "linux"
"""Whether the system spreads connections over several sockets of one port; macOS gives them all to one."""


def listen(host: str, port: int, *, shared: bool = False, reserved: bool = False) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: A name or an address of this machine.
        port: 0 picks a free one.
        shared: Others of this user may listen on the port as well, who say so too.
        reserved: Only hold the port; no connection comes here.

    Raises:
        WorldError: It cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:  # the latter for a name that DNS cannot spell
        raise WorldError(
            f"cannot listen on {host!r}: {error}", hint="Give --host an address of this machine."
        ) from error
    try:
        if sys.platform != "win32":
            # Lets a restart reuse the port of a server that has just gone; on Windows it would steal a live one's.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _keep_alive(listener)
        listener.bind(address)
        if not reserved:
            listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise WorldError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            code="port_unavailable",
            hint="Stop what holds the port, or pass another by --port (0 picks a free one).",
            context={"host": host, "port": port},
        ) from error
    return listener


def _keep_alive(listener: socket.socket) -> None:
    """Let the system ask after clients that say nothing; connections take this over from the socket they came by."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        # Not every system has each of them.
        with suppress(AttributeError, OSError):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def url_of(listener: socket.socket, tls: ssl.SSLContext | None = None) -> str:
    """Return the address under which a listening socket is reached."""
    host, port = listener.getsockname()[:2]
    scheme = "http" if tls is None else "https"
    return f"{scheme}://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{scheme}://{host}:{port}"


def tls_context(cert: str | Path | None, key: str | Path | None) -> ssl.SSLContext | None:
    """Return what a server needs to speak HTTPS, or None without a certificate.

    Args:
        cert: File of the certificate.
        key: File of its key, if that is not in the same one.

    Raises:
        ConfigurationError: A key without a certificate, or they cannot be read or do not belong together.
    """
    if cert is None:
        if key is not None:
            raise ConfigurationError("tls_key without tls_cert", hint="Give the certificate's file as tls_cert.")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A key behind a password would have the server wait for someone to type it.
        context.load_cert_chain(cert, key, password="")
    except OSError as error:  # of which ssl's own errors are a kind
        raise ConfigurationError(
            f"the certificate {str(cert)!r} cannot be used: {error}",
            hint="Give PEM files that belong together, the key without a password.",
        ) from error
    return context
