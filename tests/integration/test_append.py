"""One log, several writers, killed ones among them."""

import json
import signal
import subprocess
import sys
import threading

import pytest

from groundwork.storage import append, stream

WRITER = """
import sys
from groundwork.storage import append
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for number in range(count):
    append(path, {"by": name, "number": number, "pad": name * (number % 97)}, durable=number % 8 == 0)
"""

KILLED = """
import os, sys
from groundwork.storage import append
from groundwork.testing import failpoints, kill_self
real = os.write
def torn(descriptor, data):  # a part of the line reaches the file, then the process is gone
    real(descriptor, bytes(data)[:int(sys.argv[2])])
    kill_self()
append(sys.argv[1], {"whole": 1})
os.write = torn
append(sys.argv[1], {"torn": "x" * 50})
"""


def records(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.mark.integration
def test_records_of_several_processes_and_threads_are_all_there_whole_and_in_their_order(tmp_path):
    path, count = tmp_path / "l.jsonl", 60
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, path, name, str(count)]) for name in "ab"]
    threads = [
        threading.Thread(target=lambda name=name: [append(path, {"by": name, "number": n}) for n in range(count)])
        for name in "cd"
    ]

    for thread in threads:
        thread.start()
    ended = [process.wait(timeout=120) for process in processes]
    for thread in threads:
        thread.join()

    found = records(path)
    assert ended == [0, 0]
    for name in "abcd":
        assert [record["number"] for record in found if record["by"] == name] == [*range(count)]
    assert sum(frame.height for frame in stream(path)) == 4 * count


@pytest.mark.integration
@pytest.mark.parametrize("length", [1, 10, 40])
def test_a_writer_killed_in_mid_line_costs_that_line_alone(tmp_path, length):
    path = tmp_path / "l.jsonl"

    ended = subprocess.run([sys.executable, "-c", KILLED, path, str(length)], timeout=60, check=False)
    torn = path.read_bytes()
    append(path, {"next": 1})

    assert ended.returncode == -signal.SIGKILL
    assert torn.partition(b"\n")[2] == (b'{"torn":"' + b"x" * 50)[:length]
    assert records(path) == [{"whole": 1}, {"next": 1}]
