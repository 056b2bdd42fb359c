"""An inference server for trained models: an ASGI app, and a server that runs it."""

from groundwork.serving._app import create_app
from groundwork.serving._folder import Latest
from groundwork.serving._server import serve
from groundwork.serving._versions import Served, Versions

__all__ = ["Latest", "Served", "Versions", "create_app", "serve"]
