"""A server whose model is replaced while it is asked, and worker processes that outlive nobody."""

import asyncio
import os
import signal
import subprocess
import sys
from textwrap import dedent

import aiohttp
import pytest
from sklearn.linear_model import LinearRegression

from groundwork.storage import CheckpointStore, Keep

pytestmark = pytest.mark.integration

PATIENCE_S = 60
RELOADS = 20

RELOADING = """
import sys
from groundwork.serving import serve

serve({"m": sys.argv[1]}, port=0, on_ready=lambda url: print(url, flush=True), reload_s=0.02)
"""

WORKERS = """
import os
from groundwork.serving import Served, serve

class Model:
    def predict(self, batch):
        return [os.getpid() for row in batch]

if __name__ == "__main__":
    serve(
        {"m": Served(model=Model(), executor="process", threads=2)},
        port=0,
        on_ready=lambda url: print(url, flush=True),
    )
"""


def started(script, *arguments, stderr=None):
    command = [sys.executable, str(script), *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    return process, process.stdout.readline().strip()


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "server.py"
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write


def line(slope):
    return LinearRegression().fit([[0.0], [1.0]], [0.0, slope])


async def asked(session, url, value=1.0):
    async with session.post(f"{url}/predict", json={"instances": [[value]]}) as response:
        return response.status, await response.json()


def test_twenty_reloads_under_load_lose_nothing(script, tmp_path):
    store = CheckpointStore(tmp_path / "store", keep=Keep(last=2))
    store.save(line(1.0), step=1)
    process, url = started(script(RELOADING), tmp_path / "store")
    answers = []

    async def load(session, stop):
        while not stop.is_set():
            status, document = await asked(session, url)
            answers.append((status, round(document["predictions"][0], 6) if status == 200 else document))

    async def main():
        stop = asyncio.Event()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)) as session:
            clients = [asyncio.create_task(load(session, stop)) for _ in range(8)]
            for step in range(1, RELOADS + 2):
                if step > 1:
                    await asyncio.to_thread(store.save, line(float(step)), step=step)
                while (200, float(step)) not in answers[-16:]:
                    await asyncio.sleep(0.005)
            stop.set()
            await asyncio.gather(*clients)
            async with session.get(f"{url}/metrics") as response:
                return await response.text()

    try:
        metrics = asyncio.run(asyncio.wait_for(main(), PATIENCE_S))
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(PATIENCE_S)
        process.stdout.close()

    assert {status for status, _ in answers} == {200}
    assert {value for _, value in answers} == {float(step) for step in range(1, RELOADS + 2)}
    assert f'groundwork_model_reloads_total{{model="m",outcome="loaded"}} {RELOADS}.0' in metrics
    assert code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL"])
def test_no_worker_outlives_its_server(script, how):
    # Of a server that was killed its resource tracker complains.
    process, url = started(script(WORKERS), stderr=subprocess.DEVNULL)

    async def main():
        async with aiohttp.ClientSession() as session:
            found = await asyncio.gather(*(asked(session, url) for _ in range(40)))
        return {document["predictions"][0] for _, document in found}

    try:
        workers = asyncio.run(asyncio.wait_for(main(), PATIENCE_S))
        assert process.pid not in workers
    finally:
        process.send_signal(getattr(signal, how))
        process.wait(PATIENCE_S)
        process.stdout.close()

    async def gone():
        while any(is_running(pid) for pid in workers):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(gone(), PATIENCE_S))


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        with open(f"/proc/{pid}/stat") as file:
            # One that has ended and waits for init to fetch it runs no more.
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return sys.platform != "linux"
