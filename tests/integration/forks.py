"""The command line in processes that are forks of one: to load the libraries takes longer than a small run.

A fork has its own folder, environment and output, and can be killed. What it lacks is the start of an interpreter,
which the tests of the whole job and of the wheel have.
"""

import json
import os
import subprocess
import sys

# The check of every installed file against its hash has tests of its own, and no test of a run is about it; it would
# take most of the time of a small one.
HOST = """
import json, os, sys, traceback
import polars, sklearn.ensemble, skops.io, matplotlib.figure, matplotlib.backends.backend_svg
import groundwork.cli, groundwork.data, groundwork.modeling, groundwork.project, groundwork.serving
from contextlib import ExitStack
from groundwork.environment import _files
from groundwork.testing import every_failpoint, failpoints, kill_self

def run(folder, environment, cores, arguments, out, err, actions, kill_at):
    os.chdir(folder)
    if cores:
        os.sched_setaffinity(0, cores)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666), number)
    if arguments[0] == "run":
        _files.damages = lambda packages: []
    passed = []
    def arrive(name):
        passed.append(name)
        if len(passed) == kill_at:
            kill_self()
    sys.argv = ["groundwork", *arguments]
    code = 70
    try:
        with ExitStack() as stack:
            stack.enter_context(failpoints({name: eval(action) for name, action in actions.items()}))
            if kill_at is not None:
                stack.enter_context(every_failpoint(arrive))
            groundwork.cli.main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    if kill_at is not None:
        with open("passed.json", "w") as file:
            json.dump(passed, file)
    os._exit(code)

print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(**json.loads(line))
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Forks:
    """Runs commands, one at a time."""

    def __init__(self, environment=None):
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", HOST],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def __call__(self, folder, arguments, *, out, err, failpoints=None, kill_at=None):
        """Run a command; return its exit code.

        ``failpoints`` has Python by name of the place. Where ``kill_at`` is a number, not None, the command notes in
        passed.json what places it passed, and is killed at the one of that number.
        """
        request = {
            "folder": str(folder),
            "environment": dict(os.environ),
            "cores": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [],
            "arguments": [str(argument) for argument in arguments],
            "out": str(out),
            "err": str(err),
            "actions": failpoints or {},
            "kill_at": kill_at,
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(60)
        self.process.stdout.close()
