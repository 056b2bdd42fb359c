"""A program that fails in every way it can shows no secret: not on its outputs, in its log, nor in its tracebacks."""

import os
import subprocess
import sys

import pytest

from groundwork.environment import check

pytestmark = pytest.mark.integration

SECRETS = ["hunter2-environ", "hunter2-envfile", "hunter2-yaml", "hunter2-args"]

# The tracebacks come with the variables of every frame, as error trackers and rich write them.
PROGRAM = """
import logging, pickle, sys, traceback
from dataclasses import dataclass, field
from typing import Literal
from pydantic import BaseModel, SecretStr, field_validator
from groundwork.environment import Secret, load_settings, sources
from groundwork.errors import describe

@dataclass
class Login:
    password: Secret
    token: Secret

@dataclass
class App:
    login: Login
    api_key: SecretStr
    keys: list[Secret] = field(default_factory=list)
    port: int = 1

    def __post_init__(self):
        if self.port == 3:
            raise ValueError("refused: " + self.login.password.reveal() + self.api_key.get_secret_value())
        if self.port == 4:
            raise TypeError("a fault of the program")

class Model(BaseModel):
    password: SecretStr
    token: Secret

    @field_validator("password")
    @classmethod
    def refuse(cls, value):
        raise ValueError("refused: " + value.get_secret_value())

def attempt(schema, **given):
    try:
        settings = load_settings(schema, prefix="T_", **given)
    except Exception as error:
        sys.stderr.write("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
        logging.exception("failed: %s %r", error, error)
        print(error, repr(error), describe(error), pickle.dumps(error))
        return
    logging.warning("%s %r %s", settings, settings, sources(settings))
    print(settings, repr(settings), f"{settings}", vars(settings), sources(settings))
    try:
        pickle.dumps(settings)
    except Exception:
        traceback.print_exc()

logging.basicConfig(filename="app.log")
files = {"file": "app.yaml", "env_file": ".env"}
attempt(App, **files, arguments={"keys": [Secret("hunter2-args")]})
for port in ("x", "3", "4"):
    attempt(App, **files, arguments={"keys": [Secret("hunter2-args")], "port": port})
attempt(App, **files, arguments={"login.token": None, "prot": 1})
attempt(App, file="broken.yaml", env_file="broken.env")
attempt(App, file="broken.json")
attempt(App, file="broken.toml")
attempt(App, file="odd.ini")
attempt(Model, arguments={"token": Secret("hunter2-args")})
attempt({"a__b": Secret, "a": {"b": Secret}})
print("done")
"""


@pytest.fixture
def folder(tmp_path):
    files = {
        "program.py": PROGRAM,
        "app.yaml": "api_key: hunter2-yaml\n",
        ".env": "T_LOGIN__TOKEN='hunter2-envfile'\n",
        "broken.yaml": "api_key: *hunter2-yaml\n",
        "broken.env": "hunter2-envfile\nT_KEYS='hunter2-envfile' x\nT_LOGIN__TOKEN='hunter2-envfile\n",
        "broken.json": '{"api_key": hunter2-yaml}',
        "broken.toml": "api_key = hunter2-yaml\n",
        "odd.ini": "api_key = hunter2-yaml\n",
        ".env.example": "T_KEYS=\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_no_output_log_or_traceback_of_a_program_shows_a_secret(folder):
    environ = {**os.environ, "T_LOGIN__PASSWORD": "hunter2-environ", "T_PASSWORD": "hunter2-environ"}

    done = subprocess.run(
        [sys.executable, "program.py"], cwd=folder, env=environ, capture_output=True, encoding="utf-8", timeout=120
    )

    written = done.stdout + done.stderr + (folder / "app.log").read_text(encoding="utf-8")
    assert done.stdout.endswith("done\n"), done.stderr
    assert "Secret('**********')" in done.stdout
    assert "a fault of the program" in done.stderr
    assert "refused: **********" in done.stdout
    assert [] == [line for line in written.splitlines() if any(secret in line for secret in SECRETS)]


def test_the_check_of_env_files_shows_no_secret_and_no_piece_of_one(folder):
    (folder / ".env").write_text("T_KEYS=x\n-----BEGIN hunter2\nhunter2QUJD==\n", encoding="utf-8")

    findings = check(only="dotenv", workdir=folder)

    assert ["error"] == [one.severity for one in findings]
    assert ".env:2: the line is no NAME=value" in findings[0].found
    assert "hunter2" not in repr(findings)
