"""Whom a load generator asks, and what.

Rule: the request is the same bytes each time, so they are made once and cost nothing while it is measured.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from groundwork.serving._address import parsed


@dataclass(frozen=True, slots=True)
class Target:
    """Whom to ask, and what.

    Attributes:
        url: Scheme, host and port; its path is where to.
        body: What is sent.
        headers: Further headers, as names and values.
        method: Of the request.
        verify: Whether a TLS certificate must be one that this machine trusts.
    """

    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    verify: bool = True

    @property
    def address(self) -> tuple[str, int]:
        """Host and port.

        Raises:
            ConfigurationError: The address is no http or https URL.
        """
        parts = parsed(self.url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What TLS is spoken with, or None for plain HTTP."""
        if not self.url.startswith("https:"):
            return None
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def request(self) -> bytes:
        """Return the request, head and body."""
        parts = parsed(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"host": parts.netloc.rpartition("@")[2], "content-type": "application/json"}
        headers |= {name.lower(): value for name, value in self.headers.items()}
        headers["content-length"] = str(len(self.body))
        lines = [f"{self.method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body
