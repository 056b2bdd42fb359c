"""The servers that are measured, each configured for batching as its own guide recommends."""

import json
import sys
from dataclasses import dataclass, field
from importlib.metadata import version

from _peers import peer_python

ROW = [round(0.37 * column + 0.011, 4) for column in range(30)]
WIDE_ROWS, WIDE_COLUMNS = 256, 1024


class WrongAnswer(Exception):
    """A server's answer is not what the model predicts."""


def _sklearn():
    return [f"{name}=={version(name)}" for name in ("numpy", "scikit-learn")]


def _uvicorn():
    return [f"{name}=={version(name)}" for name in ("uvicorn", "httptools", "uvloop", "msgspec")]


@dataclass(frozen=True)
class Peer:
    """One server.

    Attributes:
        key: For ``--only``.
        name: In the tables.
        script: In the folder of servers.
        packages: What its environment needs beside the model's; None for the one that runs this.
        path: Of the request.
        answers: How its answer's document holds the predictions, or None if it predicts nothing.
        needed: How many times its requests a second we want, at 64 connections; None without a target.
        environment: Further environment variables.
        both_cores: Whether it is left on all cores, as it does not work on one.
    """

    key: str
    name: str
    script: str
    packages: tuple[str, ...] | None = ()
    path: str = "/predict"
    answers: object = staticmethod(lambda document: document["predictions"])
    needed: float | None = None
    environment: dict = field(default_factory=dict)
    both_cores: bool = False

    def python(self):
        """Return the interpreter, making its environment if need be."""
        if self.packages is None:
            return sys.executable
        return peer_python(self.key, *self.packages, *_sklearn())

    def body(self, model="cancer"):
        """Return the body of a request."""
        if self.path.endswith("/infer"):
            tensor = {"name": "instances", "shape": [1, 30], "datatype": "FP64", "data": ROW}
            return json.dumps({"inputs": [tensor]}).encode()
        return json.dumps({"instances": [[0.5] * WIDE_COLUMNS if model == "wide" else ROW]}).encode()

    def check(self, document, model):
        """Refuse an answer that is not the model's."""
        if self.answers is None:
            return
        found = list(self.answers(document))
        if model != "wide" and found not in ([1], [[1]]):
            raise WrongAnswer(f"{self.name} predicts {found}, where the model says [1]")


def peers():
    """Return all servers; ours first."""
    return [
        Peer("groundwork", "groundwork", "ours.py", None),
        Peer("bare-protocol", "bare asyncio protocol, no server around the model", "bare_protocol.py", None),
        Peer("asgi-echo", "ASGI echo on uvicorn, no model", "asgi_echo.py", None, answers=None),
        Peer(
            "granian-echo",
            "RSGI echo on granian, no model",
            "rsgi_echo.py",
            ("granian==2.8.7", "msgspec"),
            answers=None,
        ),
        Peer("mosec", "Mosec 0.9.8", "mosec_server.py", ("mosec==0.9.8",), needed=1.25),
        Peer("asgi-batcher", "a 40-line ASGI batcher on uvicorn", "asgi_batcher.py", None),
        Peer(
            "fastapi",
            "FastAPI, one prediction a request",
            "fastapi_server.py",
            ("fastapi", *_uvicorn()),
            needed=15,
        ),
        Peer(
            "mlserver",
            "MLServer 1.7.1",
            "mlserver_server.py",
            ("mlserver==1.7.1",),
            path="/v2/models/cancer/infer",
            answers=lambda document: document["outputs"][0]["data"],
            needed=15,
        ),
        Peer("litserve", "LitServe 0.2.19", "litserve_server.py", ("litserve==0.2.19",), needed=15),
        Peer(
            "bentoml",
            "BentoML 1.4.39",
            "bentoml_server.py",
            ("bentoml==1.4.39",),
            answers=lambda document: document,
            needed=15,
            environment={"BENTOML_DO_NOT_TRACK": "True"},
        ),
        Peer(
            "ray-serve",
            "Ray Serve 2.60 (both cores)",
            "ray_server.py",
            ("ray[serve]==2.60.0",),
            needed=15,
            environment={"RAY_USAGE_STATS_ENABLED": "0", "RAY_raylet_start_wait_time_s": "90"},
            both_cores=True,
        ),
    ]
