"""The gRPC side of a server, where there is one.

Rule: grpcio is loaded only if it is asked for, and then before anything listens: who lacks the extra hears of it at
once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._call import Application
from groundwork.serving._hub import ConnectionOptions


class GrpcSide:
    """gRPC on a port of its own.

    Args:
        host: Address to listen on.
        port: 0 picks a free one.
        cert: See ``serve``.
        key: See ``serve``.
        on_grpc: Called with the address by ``tell``.
        shared: Other processes listen on the port as well.

    Raises:
        ConfigurationError: The extra ``grpc`` is not installed.
        WorldError: The certificate cannot be read.
    """

    def __init__(
        self,
        host: str,
        port: int,
        cert: str | Path | None = None,
        key: str | Path | None = None,
        on_grpc: Callable[[str], None] | None = None,
        *,
        shared: bool = False,
    ) -> None:
        try:
            from groundwork.serving._grpc import GrpcServer, tls_credentials
        except ImportError as error:
            raise ConfigurationError(
                f"gRPC needs the extra grpc, which is not installed ({error})",
                hint="pip install 'groundwork[grpc]', or leave out the gRPC port.",
            ) from error
        self._make = GrpcServer
        try:
            self._credentials = None if cert is None else tls_credentials(cert, key)
        except OSError as error:
            raise WorldError(f"the certificate cannot be read: {error}", hint="Give PEM files.") from error
        self._host = host
        self._port = port
        self._on_grpc = on_grpc
        self._shared = shared
        self._server: Any = None
        self.address = ""

    async def start(self, application: Application, options: ConnectionOptions) -> None:
        """Listen; raises ``WorldError`` where that cannot be."""
        self._server = self._make(
            application,
            max_body_bytes=options.max_body_bytes,
            max_calls=options.max_connections,
            shared=self._shared,
        )
        self.address = await self._server.start(self._host, self._port, self._credentials)

    def tell(self) -> None:
        """Say the address."""
        if self._on_grpc is not None:
            self._on_grpc(self.address)

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, and wait so long for those that are under way."""
        if self._server is not None:
            await self._server.stop(grace_s)
