"""Requests a second of the inference server, and of one that many write first: FastAPI, one prediction a request.

Run: ``python benchmarks/serving.py``. The server has one core and the load generator another. Each connection sends its
next request when it has its answer: 30 floats as JSON, for a scaled logistic regression of scikit-learn. The peer gets
a virtual environment of its own in the user's cache folder; ``--no-peer`` leaves it out.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import textwrap
import time
from importlib.metadata import version
from pathlib import Path

import uvloop
from _peers import peer_python

MODEL = """
import os, sys
if hasattr(os, "sched_setaffinity") and os.cpu_count() > 1:
    os.sched_setaffinity(0, {0})
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*load_breast_cancer(return_X_y=True))
"""

OURS = """
from groundwork.serving import serve
serve({"cancer": model}, port=0, on_ready=lambda url: print(url, flush=True))
"""

PEER = """
import socket, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Request(BaseModel):
    instances: list[list[float]]

app = FastAPI()

@app.post("/predict")
def predict(request: Request):
    return {"predictions": model.predict(request.instances).tolist(), "model": "cancer", "version": "1"}

@app.on_event("startup")
def ready():
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)

listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run(sockets=[listener])
"""


class Client(asyncio.Protocol):
    """One connection that asks, waits for the answer, and asks again."""

    def __init__(self, request, latencies, until):
        self.request, self.latencies, self.until = request, latencies, until
        self.closed = asyncio.get_running_loop().create_future()
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.asked = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data):
        self.buffer = self.buffer + data if self.buffer else data
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        at = head.lower().index(b"content-length: ") + 16
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.closed.set_exception(RuntimeError(self.buffer.decode()))
            self.transport.close()
            return
        self.buffer = b""
        now = time.perf_counter()
        self.latencies.append(now - self.asked)
        if now < self.until:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, error):
        if not self.closed.done():
            self.closed.set_result(None)


async def load(url, connections, seconds):
    """Return requests per second, and the median and 99th percentile of their time in ms."""
    loop = asyncio.get_running_loop()
    host, _, port = url.removeprefix("http://").rpartition(":")
    row = [round(0.37 * column + 0.011, 4) for column in range(30)]
    body = json.dumps({"instances": [row]}).encode()
    lines = (
        "POST /predict HTTP/1.1",
        f"host: {host}",
        "content-type: application/json",
        f"content-length: {len(body)}",
    )
    head = "\r\n".join(lines) + "\r\n\r\n"
    latencies = []
    until = time.perf_counter() + seconds
    started = time.perf_counter()
    clients = [
        (await loop.create_connection(lambda: Client(head.encode() + body, latencies, until), host, int(port)))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(client.closed for client in clients))
    took = time.perf_counter() - started
    latencies.sort()
    middle, late = latencies[len(latencies) // 2], latencies[int(len(latencies) * 0.99)]
    return len(latencies) / took, middle * 1000, late * 1000


def cpu_s(process):
    """Return the processor time that a process has used, or nan where /proc does not tell."""
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():
        return float("nan")
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(python, code, connections, seconds):
    """Start a server, load it, stop it; return what ``load`` does and the server's processor time a request in us."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [python, "-W", "ignore", "-c", MODEL + textwrap.dedent(code)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        url = server.stdout.readline().strip()
        uvloop.run(load(url, connections, 1.0))
        before = cpu_s(server)
        rate, middle, late = uvloop.run(load(url, connections, seconds))
        return rate, middle, late, (cpu_s(server) - before) / (rate * seconds) * 1e6
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity") and os.cpu_count() > 1:
        os.sched_setaffinity(0, {1})
    servers = {"groundwork": (sys.executable, OURS)}
    if not arguments.no_peer:
        same = [f"{name}=={version(name)}" for name in ("uvicorn", "httptools", "uvloop", "numpy", "scikit-learn")]
        servers["FastAPI, one a request"] = (peer_python("fastapi", "fastapi", *same), PEER)
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    print(f"\n| {'server':<22} | connections | requests/s | p50 ms | p99 ms | CPU us/request |")
    print(f"|{'-' * 24}|------------:|-----------:|-------:|-------:|---------------:|")
    rates = {}
    for connections in (64, 1):
        for name, (python, code) in servers.items():
            rate, middle, late, cpu = measure(python, code, connections, arguments.seconds)
            rates[name, connections] = rate
            print(
                f"| {name:<22} | {connections:>11} | {rate:>10,.0f} | {middle:>6.2f} | {late:>6.2f} | {cpu:>14.0f} |",
                flush=True,
            )
    ours, *peers = servers
    for peer in peers:
        for connections in (64, 1):
            ratio = rates[ours, connections] / rates[peer, connections]
            print(f"\n{ratio:.1f} times the requests/s of {peer} at {connections} connection{'s' * (connections > 1)}")


if __name__ == "__main__":
    main()
