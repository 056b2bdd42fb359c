"""Where a server listens, and by which certificate.

Rule: HTTP and gRPC have one host and one certificate; only their ports are two.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from groundwork.serving._grpc_side import GrpcSide
from groundwork.serving._listener import tls_context


@dataclass(frozen=True, slots=True)
class Place:
    """Host, ports and certificate of a server.

    Attributes:
        host: A name or an address of this machine.
        port: Of HTTP; 0 picks a free one.
        grpc_port: Of gRPC; None speaks none.
        tls_cert: File of the certificate; with it HTTP is HTTPS.
        tls_key: File of its key, if that is not in the same one.
    """

    host: str
    port: int
    grpc_port: int | None = None
    tls_cert: str | Path | None = None
    tls_key: str | Path | None = None

    def tls(self) -> ssl.SSLContext | None:
        """Return what HTTPS needs, or None; see ``tls_context``."""
        return tls_context(self.tls_cert, self.tls_key)

    def grpc_side(self, on_grpc: Callable[[str], None] | None = None, *, shared: bool = False) -> GrpcSide | None:
        """Return the gRPC side of the server, or None.

        Args:
            on_grpc: Called with its address.
            shared: Other processes listen on the port as well.

        Raises:
            ConfigurationError: The extra ``grpc`` is not installed.
            WorldError: The certificate cannot be read.
        """
        if self.grpc_port is None:
            return None
        return GrpcSide(self.host, self.grpc_port, self.tls_cert, self.tls_key, on_grpc, shared=shared)
