"""An inference server for trained models: an ASGI app, a server that runs it, and clients that ask it."""

from groundwork.serving._app import create_app
from groundwork.serving._bench import BenchReport, bench, check_plot, plot_bench
from groundwork.serving._client import AsyncClient, Predictions
from groundwork.serving._client_sync import Client
from groundwork.serving._folder import Latest
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._options import AppOptions
from groundwork.serving._serve import serve
from groundwork.serving._versions import Served, Versions

__all__ = [
    "AppOptions",
    "AsyncClient",
    "BenchReport",
    "Client",
    "ConnectionOptions",
    "Latest",
    "Predictions",
    "Served",
    "Versions",
    "bench",
    "check_plot",
    "create_app",
    "plot_bench",
    "serve",
]
