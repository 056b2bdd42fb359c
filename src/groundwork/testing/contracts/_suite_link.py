"""The link to the process in which suites are run.

Rule: one such process for all suites that this process judges; it is started when first needed, started again where it
ended or did not answer in time, and ends with this process at the latest. Cost: 0.3 s at the first question.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from typing import Any

from groundwork.errors import ContractBroken

Answer = dict[str, Any]

_HOST = "from groundwork.testing.contracts._suite_host import host; host()"


class Link:
    """Asks the process that runs suites."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def ask(self, requests: list[Answer], *, limit_s: float) -> list[Answer]:
        """Have suites run.

        Args:
            requests: See ``_suite_session.session``.
            limit_s: Wall-clock seconds for all of them.

        Returns:
            One answer each.

        Raises:
            ContractBroken: The process has no pytest, ended, or took too long.
        """
        with self._turn:
            process = self._process or self._start()
            late = threading.Event()
            watchdog = threading.Timer(limit_s, _give_up, (process, late))
            watchdog.start()
            try:
                answers = [_answer(process, request) for request in requests]
            except (OSError, ValueError):
                self.close()
                if late.is_set():
                    raise ContractBroken(f"the runs of the suite did not end within {limit_s:g} s") from None
                raise ContractBroken("the process that runs the suite ended; expected it to be left alone") from None
            finally:
                watchdog.cancel()
        if missing := [answer["missing"] for answer in answers if "missing" in answer]:
            raise ContractBroken(missing[0])
        return answers

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            try:
                process.communicate(timeout=2.0)  # it ends when nobody can ask it any more
            except (subprocess.TimeoutExpired, OSError, ValueError):
                process.kill()
                process.wait()

    def _start(self) -> subprocess.Popen[str]:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HOST], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self._process


def _answer(process: subprocess.Popen[str], request: Answer) -> Answer:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    answer: Answer = json.loads(process.stdout.readline())
    return answer


def _give_up(process: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    process.kill()


LINK = Link()
atexit.register(LINK.close)
