"""An inference server for trained models: an ASGI app, and a server that runs it."""

from groundwork.serving._app import create_app
from groundwork.serving._server import serve

__all__ = ["create_app", "serve"]
