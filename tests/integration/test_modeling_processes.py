"""What a new process sees of a module and of a command."""

import pytest

from groundwork.errors import ContractBroken
from groundwork.testing import Lab, load_subject
from groundwork.testing.contracts._mod_processes import call, effects_of_import, last_line, python

pytestmark = pytest.mark.integration

QUIET = "def timed(hook):\n    return lambda fn: fn\n"
LOUD = """
import logging, os, random, signal, socket, sys, threading, time, warnings
import numpy
print("ready")
logging.disable(10)
warnings.simplefilter("ignore")
os.environ["OMP_NUM_THREADS"] = "1"
open("log.txt", "w").close()
os.mkdir("elsewhere")
os.chdir("elsewhere")
random.seed(0)
numpy.random.seed(0)
signal.signal(signal.SIGINT, signal.SIG_IGN)
socket.setdefaulttimeout(3.0)
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
"""


@pytest.fixture
def lab():
    with Lab() as lab:
        yield lab


def subject_of(lab, code):
    path = lab.folder / "subject.py"
    path.write_text(QUIET)
    subject = load_subject(path)
    path.write_text(code)  # it is the new process that is to import it
    return subject


def test_definitions_have_no_effect(lab):
    assert effects_of_import(subject_of(lab, QUIET), lab) == []


def test_every_effect_of_an_import_is_told(lab):
    assert effects_of_import(subject_of(lab, LOUD + QUIET), lab) == [
        "prints 'ready\\n'",
        "starts a thread",
        "configures logging",
        "changes the warnings that are shown",
        "changes os.environ",
        "changes the working folder",
        "seeds the global generator of random",
        "seeds the global generator of numpy",
        "takes a signal",
        "sets a default time limit of sockets",
        "writes files",
    ]


def test_a_module_that_cannot_be_used_there_is_told_by_its_error(lab):
    broken = QUIET.replace("return", "raise NotImplementedError('timed')\n    return")

    with pytest.raises(ContractBroken, match="ended with NotImplementedError: timed"):
        effects_of_import(subject_of(lab, broken), lab)


def test_a_decorated_function_that_gives_something_else_there_is_told(lab):
    with pytest.raises(ContractBroken, match="gave 2 in a new process; expected 1"):
        effects_of_import(subject_of(lab, QUIET.replace("fn: fn", "fn: lambda: 2")), lab)


def test_a_command_gets_its_arguments_and_gives_its_status_and_both_outputs(lab):
    path = lab.folder / "command.py"
    path.write_text("import sys\ndef main():\n    print(sys.argv)\n    print('no', file=sys.stderr)\n    return 3\n")

    by_file, by_name = call(lab, f"{path}:main", "a"), call(lab, "command:main", "a", paths=(lab.folder,))

    assert by_file == by_name == (3, "['command', 'a']\n", "no\n")


def test_a_process_that_does_not_end_is_told():
    with Lab(limit_s=0.2) as lab, pytest.raises(ContractBroken, match=r"did not end within 0\.2 s"):
        python(lab, "-c", "import time; time.sleep(60)")


def test_the_last_line_of_nothing_says_so():
    assert (last_line("a\nb\n"), last_line(" \n")) == ("b", "nothing")
