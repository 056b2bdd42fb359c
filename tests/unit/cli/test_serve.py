"""What ``groundwork serve`` makes of its line and of its file; the server itself stays away."""

import logging

import pytest
import typer.testing

from groundwork import serving
from groundwork.cli._main import app
from groundwork.errors import UsageError
from groundwork.serving import Served

RUNNER = typer.testing.CliRunner()


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Run the command; returns the models and the settings with which the server would begin."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).touch()
    asked = []
    monkeypatch.setattr(serving, "serve", lambda models, **settings: asked.append((models, settings)))

    def run(*arguments):
        ended = RUNNER.invoke(app, ["serve", *arguments])
        if ended.exception is not None:
            raise ended.exception
        models, settings = asked.pop()
        del settings["on_ready"], settings["on_grpc"]
        return {name: str(model) for name, model in models.items()}, settings

    run.folder = tmp_path
    return run


DEFAULTS = {
    "host": "127.0.0.1",
    "port": 8000,
    "workers": 1,
    "drain_s": 0.0,
    "shutdown_s": 30.0,
    "tls_cert": None,
    "tls_key": None,
    "grpc_port": None,
}


def test_what_nobody_names_is_the_servers_own(served):
    assert served("a.onnx") == ({"a": "a.onnx"}, DEFAULTS)


def test_several_models_have_the_names_they_are_given(served):
    models, _ = served("risk=a.onnx", "b.onnx")

    assert models == {"risk": "a.onnx", "b": "b.onnx"}


def test_a_path_with_an_equals_sign_is_a_path(served):
    (served.folder / "x=a.onnx").touch()

    assert served("x=a.onnx")[0] == {"x=a": "x=a.onnx"}


def test_two_models_of_one_name_are_refused(served):
    with pytest.raises(UsageError, match="two models are called 'a'"):
        served("a.onnx", "a=b.onnx")


def test_options_have_the_servers_names(served):
    line = (
        "--max-batch-rows 8 --max-queue-rows 9 --rate-limit 2.5 --rate-burst 7 --reload-s 5 --executor thread "
        "--threads 2 --tracing --workers 3 --drain-s 1 --shutdown-s 2 --tls-cert c.pem --tls-key k.pem --grpc-port 0 "
        "--host h --port 1"
    )

    _, settings = served("a.onnx", *line.split())

    paths = {name: str(settings.pop(name)) for name in ("tls_cert", "tls_key")}
    assert paths == {"tls_cert": "c.pem", "tls_key": "k.pem"}
    assert settings == {
        "max_batch_rows": 8,
        "max_queue_rows": 9,
        "client_rate_per_s": 2.5,
        "client_burst": 7.0,
        "reload_s": 5.0,
        "executor": "thread",
        "threads": 2,
        "tracing": True,
        "workers": 3,
        "drain_s": 1.0,
        "shutdown_s": 2.0,
        "grpc_port": 0,
        "host": "h",
        "port": 1,
    }


def test_the_line_wins_over_the_file(served):
    (served.folder / "keys").write_text("# ours\n\nsecret\n")
    (served.folder / "serve.yaml").write_text(
        "port: 1\nworkers: 2\napi_key_file: keys\ntls: {cert: c.pem}\noptions: {threads: 2, reload_s: 5.0}\n"
        "models: {risk: a.onnx}\n"
    )

    models, settings = served("--config", "serve.yaml", "--port", "8000", "--threads", "3")

    assert models == {"risk": str(Served(model=(served.folder / "a.onnx").relative_to(served.folder)))}
    assert str(settings.pop("tls_cert")) == "c.pem"
    assert settings == {
        "host": "127.0.0.1",
        "port": 8000,
        "workers": 2,
        "drain_s": 0.0,
        "shutdown_s": 30.0,
        "tls_key": None,
        "grpc_port": None,
        "threads": 3,
        "reload_s": 5.0,
        "api_keys": ["secret"],
    }


def test_models_come_from_the_line_or_from_the_file(served):
    (served.folder / "serve.yaml").write_text("models: {risk: a.onnx}\n")

    with pytest.raises(UsageError, match="both name models"):
        served("b.onnx", "--config", "serve.yaml")


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), (b"# none\n", "holds no key"), (b"\xff", "not UTF-8")]
)
def test_a_file_of_keys_that_has_none_is_refused(served, content, words):
    if content is not None:
        (served.folder / "keys").write_bytes(content)

    with pytest.raises(UsageError, match=words):
        served("a.onnx", "--api-key-file", "keys")


def test_the_access_log_is_set_up_in_each_process(served, capsys):
    logger = logging.getLogger("groundwork.serving.access")
    before = logger.level, logger.propagate, list(logger.handlers)

    _, settings = served("a.onnx", "--access-log")
    settings["on_start"]()
    logger.info("{}")
    logger.setLevel(before[0])
    logger.propagate = before[1]
    logger.handlers[:] = before[2]

    assert settings["access_log"] is True
    assert capsys.readouterr().err == "{}\n"
