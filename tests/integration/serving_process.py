"""A server in a process of its own, of a model that can be held, counted and broken from outside."""

import http.client
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import contextmanager

PATIENCE_S = 60

SCRIPT = """
import gc, os, sys, time
from collections import Counter
from pathlib import Path
from groundwork.serving import serve

HERE = Path(__file__).parent


class Model:
    version = "1"

    def __init__(self, call_s=0.0, row_s=0.0):
        self.call_s, self.row_s = call_s, row_s

    def input_schema(self):
        return {"examples": ["warm"]}

    def parse(self, instances):
        return instances

    def predict(self, batch):
        if "warm" in batch and (HERE / "one_waits").exists():
            try:
                (HERE / "first").touch(exist_ok=False)
            except FileExistsError:
                while not (HERE / "go").exists():
                    time.sleep(0.01)
        if "hold" in batch:
            (HERE / "held").touch()
            while not (HERE / "release").exists():
                time.sleep(0.002)
        if "die" in batch:
            os._exit(3)
        if "bad" in batch:
            raise RuntimeError("one of these breaks it")
        time.sleep(self.call_s + self.row_s * len(batch))
        with open(HERE / "seen", "ab", buffering=0) as seen:
            seen.write(b"".join(b"%s\\n" % str(row).encode() for row in batch if row != "warm"))
        return [self.answer(row) for row in batch]

    def answer(self, row):
        if row == "pid":
            return os.getpid()
        if row == "left":
            gc.collect()
            found = Counter(type(each).__name__ for each in gc.get_objects())
            kinds = ("Task", "Future", "Exchange", "Group", "HttpConnection", "Turn")
            sockets = [link for link in os.listdir("/proc/self/fd") if is_socket(link)]
            return {"sockets": len(sockets)} | {kind: found[kind] for kind in kinds}
        return row


def is_socket(number):
    try:
        return os.readlink("/proc/self/fd/" + number).startswith("socket:")
    except OSError:
        return False


if __name__ == "__main__":
    serve({"m": Model(MODEL)}, on_ready=lambda url: print(url, flush=True), OPTIONS)
    print("returned", flush=True)
"""


class Server:
    """A running server."""

    def __init__(self, process, folder):
        self.process = process
        self.folder = folder
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def wait_ready(self):
        url = self.process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), self.process.communicate(timeout=PATIENCE_S)
        self.port = int(url.rpartition(":")[2])

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def predict(self, *rows):
        status, content = self.ask("POST", "/predict", json.dumps({"instances": rows}))
        assert status == 200, content
        return json.loads(content)["predictions"]

    def post(self, *rows):
        """A socket on which a request was sent."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        client.sendall(request(*rows))
        return client

    def hold(self):
        """Let the model stand still over one row; returns the socket of who asked."""
        for name in ("held", "release"):
            (self.folder / name).unlink(missing_ok=True)
        holder = self.post("hold")
        until((self.folder / "held").exists)
        return holder

    def release(self):
        (self.folder / "release").touch()

    def seen(self):
        file = self.folder / "seen"
        return file.read_text().split() if file.exists() else []

    def metrics(self):
        return self.ask("GET", "/metrics")[1].decode()

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.metrics(), re.MULTILINE)
        return float(found[1]) if found else 0.0

    @property
    def queued(self):
        return self.metric('groundwork_queue_rows{model="m"}')

    def rss(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, errors


def request(*rows, head=""):
    body = json.dumps({"instances": rows})
    return f"POST /predict HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def answer_of(client):
    """Status and body of the one answer that comes."""
    answer = http.client.HTTPResponse(client)
    answer.begin()
    return answer.status, answer.read()


def hang_up(client):
    """Leave without a farewell: no port waits for what may still come."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def until(true):
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.005)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder, options="port=0", model=""):
    script = folder / "server.py"
    script.write_text(SCRIPT.replace("Model(MODEL)", f"Model({model})").replace("OPTIONS", options))
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )
    return Server(process, folder)


@contextmanager
def running(folder, options="port=0", model=""):
    server = start(folder, options, model)
    try:
        server.wait_ready()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()
