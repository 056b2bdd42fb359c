"""An inference server for trained models: an ASGI app, a server that runs it, and clients that ask it."""

from groundwork.serving._app import create_app
<<<<<<< HEAD
from groundwork.serving._bench import BenchReport, bench, check_plot, plot_bench
from groundwork.serving._client import AsyncClient, Predictions
from groundwork.serving._client_sync import Client
=======
from groundwork.serving._folder import Latest
>>>>>>> 40cb2dbfeb816a79c7fe31d2f91f2d1743dd5e6a
from groundwork.serving._server import serve
from groundwork.serving._versions import Served, Versions

<<<<<<< HEAD
__all__ = [
    "AsyncClient",
    "BenchReport",
    "Client",
    "Predictions",
    "bench",
    "check_plot",
    "create_app",
    "plot_bench",
    "serve",
]
=======
__all__ = ["Latest", "Served", "Versions", "create_app", "serve"]
>>>>>>> 40cb2dbfeb816a79c7fe31d2f91f2d1743dd5e6a
