"""What a server promises from its first request to its last, on real sockets and with real processes."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helper is no part of the package

from serving_process import PATIENCE_S, alive, answer_of, free_port, hang_up, request, running, start, until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]


def test_one_bad_row_in_32_costs_one_error_and_31_are_answered(tmp_path):
    with running(tmp_path) as server:
        holder = server.hold()
        clients = [server.post("bad" if number == 13 else number) for number in range(32)]
        until(lambda: server.queued == 32)

        server.release()
        answers = [answer_of(client) for client in clients]

    assert [500 if number == 13 else 200 for number in range(32)] == [status for status, _ in answers]
    good = [json.loads(body)["predictions"] for status, body in answers if status == 200]
    assert [[number] for number in range(32) if number != 13] == good
    assert json.loads(answers[13][1])["code"] == "prediction_failed"
    for client in (holder, *clients):
        client.close()


def test_when_all_clients_leave_while_queued_the_model_sees_none_of_them(tmp_path):
    with running(tmp_path) as server:
        holder = server.hold()
        clients = [server.post(f"left-{number}") for number in range(200)]
        until(lambda: server.queued == 200)
        for client in clients:
            hang_up(client)
        until(lambda: server.left == 200)

        server.release()
        assert answer_of(holder)[0] == 200
        holder.close()

        assert server.predict("after") == ["after"]
        assert server.seen() == ["hold", "after"]


class Callers:
    """Clients that ask one thing after another until the server hangs up."""

    def __init__(self, port):
        self.port = port
        self.answered = []
        self.lost = []
        self.refused = []

    async def run(self, count, stop):
        callers = [asyncio.create_task(self._call(number)) for number in range(count)]
        while len(self.answered) < 10 * count:
            await asyncio.sleep(0.01)
        stop()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*callers)

    async def _call(self, caller):
        asked = 0
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                return
            try:
                keeps = True
                while keeps:
                    row = f"{caller}-{asked}"
                    asked += 1
                    keeps = await self._ask(reader, writer, row)
            finally:
                writer.close()

    async def _ask(self, reader, writer, row):
        """Whether the connection is kept."""
        try:
            writer.write(request(row))
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError) as error:
            # Closed before a word of an answer: the request must never have been begun.
            self.lost.append((row, getattr(error, "partial", b"")))
            return False
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        body = await reader.readexactly(length)
        if head.startswith(b"HTTP/1.1 200 "):
            assert json.loads(body)["predictions"] == [row]
            self.answered.append(row)
        else:
            self.refused.append(head)
        return b"connection: close" not in head.lower()


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_at_full_load_loses_nothing(tmp_path, workers):
    with running(tmp_path, f"port=0, workers={workers}", "call_s=0.005") as server:
        pids = {server.process.pid, *(server.predict("pid")[0] for _ in range(20))}
        callers = Callers(server.port)

        asyncio.run(callers.run(64, lambda: server.process.send_signal(signal.SIGTERM)))
        out, errors = server.process.communicate(timeout=PATIENCE_S)

        assert (server.process.returncode, out) == (0, "returned\n")
        assert "Traceback" not in errors
        seen = [row for row in server.seen() if row != "pid"]
        assert sorted(seen) == sorted(callers.answered)
        assert callers.refused == []
        assert not {row for row, _ in callers.lost} & set(seen)
        assert {b""} >= {partial for _, partial in callers.lost}
        assert [pid for pid in pids if alive(pid)] == []


def workers_of(server):
    """The process ids of all workers, asked until both have answered."""
    pids = set()
    until(lambda: pids.update(server.predict("pid")) or len(pids) == 2)
    return pids


def test_workers_share_a_port_and_each_tells_what_all_have_counted(tmp_path):
    with running(tmp_path, "port=0, workers=2") as server:
        workers_of(server)
        asked = len(server.seen())

        told = {server.metric('groundwork_requests_total{route="/predict",status="200"}') for _ in range(20)}

        assert told == {float(asked)}
        assert server.metric("groundwork_workers") == 2.0
        assert server.end()[0] == 0


def test_a_server_is_ready_only_when_all_its_workers_are(tmp_path):
    (tmp_path / "one_waits").touch()
    server = start(tmp_path, f"port={free_port()}, workers=2")
    server.port = int((tmp_path / "server.py").read_text().split("port=")[1].split(",")[0])
    try:
        until(lambda: tells(server, "/v2/health/live") == {200})
        until((tmp_path / "first").exists)

        before = tells(server, "/v2/health/ready")
        (tmp_path / "go").touch()
        server.wait_ready()

        assert before == {503}
        until(lambda: tells(server, "/v2/health/ready") == {200})
        assert server.end()[0] == 0
    finally:
        server.process.kill()
        server.process.communicate()


def tells(server, path):
    try:
        return {server.ask("GET", path)[0] for _ in range(12)}
    except OSError:
        return set()


def test_a_worker_that_dies_is_replaced_and_the_rest_go_on(tmp_path):
    with running(tmp_path, "port=0, workers=2") as server:
        before = workers_of(server)

        with pytest.raises(http.client.RemoteDisconnected):
            server.predict("die")
        after = set()
        until(lambda: after.update(quiet(server)) or len(after - before) == 1)

        assert server.metric("groundwork_worker_deaths_total") == 1.0
        assert tells(server, "/v2/health/ready") == {200}
        code, _, errors = server.end()
        assert code == 0
        assert "died (exit code 3)" in errors


def quiet(server):
    try:
        return server.predict("pid")
    except OSError:  # of the one that died
        return []


def test_workers_that_die_again_and_again_end_the_server_with_the_reason(tmp_path):
    with running(tmp_path, "port=0, workers=2") as server:
        pids = workers_of(server)

        def killed():
            for pid in quiet(server):
                pids.add(pid)
                os.kill(pid, signal.SIGKILL)
            return server.process.poll() is not None

        until(killed)
        _, errors = server.process.communicate(timeout=PATIENCE_S)

        assert server.process.returncode == 1
        assert "5 workers died within 60 s, the last with exit code -9" in errors
        assert [pid for pid in pids if alive(pid)] == []


def test_no_worker_outlives_a_supervisor_that_is_killed(tmp_path):
    with running(tmp_path, "port=0, workers=2") as server:
        pids = workers_of(server)

        server.process.kill()
        code = server.process.wait(timeout=PATIENCE_S)
        until(lambda: not any(map(alive, pids)))

        assert (len(pids), code) == (2, -signal.SIGKILL)
        with pytest.raises(ConnectionRefusedError):
            server.predict("after")


def test_a_second_signal_ends_workers_at_once(tmp_path):
    with running(tmp_path, "port=0, workers=2, drain_s=300.0") as server:
        server.process.send_signal(signal.SIGTERM)
        until(lambda: tells(server, "/v2/health/ready") == {503})

        code, out, _ = server.end()

        assert (code, out) == (0, "returned\n")


@pytest.mark.parametrize("options", ["workers=1", "workers=2", "executor='process'"])
def test_a_model_that_computes_on_when_time_is_over_is_cut_off_with_exit_code_1(tmp_path, options):
    with running(tmp_path, f"port=0, shutdown_s=0.0, {options}") as server:
        pid = server.predict("pid")[0]
        with server.hold():
            code, out, errors = server.end()

        assert (code, out) == (1, "")
        assert "Traceback" not in errors
        until(lambda: not alive(pid))


def test_a_model_that_no_worker_can_load_is_the_servers_error(tmp_path):
    (tmp_path / "missing").mkdir()
    script = tmp_path / "server.py"
    script.write_text(
        "from groundwork.serving import serve\n"
        "if __name__ == '__main__':\n"
        "    serve({'m': 'missing'}, port=0, workers=2)\n"
    )

    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=tmp_path
    )

    assert done.returncode == 1
    assert "missing" in done.stderr.splitlines()[-1]


def test_a_script_without_a_guard_is_told_of_it(tmp_path):
    (tmp_path / "missing").mkdir()
    script = tmp_path / "server.py"
    script.write_text("from groundwork.serving import serve\nserve({'m': 'missing'}, port=0, workers=2)\n")

    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=tmp_path
    )

    assert done.returncode == 1
    assert "a worker ended before it had loaded its models" in done.stderr


def test_a_port_that_others_share_is_not_taken_a_second_time(tmp_path):
    with running(tmp_path, "port=0, workers=2") as server:
        second = tmp_path / "second"
        second.mkdir()

        other = start(second, f"port={server.port}, workers=2")
        _, errors = other.process.communicate(timeout=PATIENCE_S)

        assert other.process.returncode == 1
        assert f"cannot listen on 127.0.0.1:{server.port}" in errors
