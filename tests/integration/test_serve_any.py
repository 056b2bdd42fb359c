"""The examples of serving: run as their README says, and their container files held against the server."""

import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import typer

from groundwork.cli._main import app
from groundwork.storage import load_yaml

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parents[2] / "examples" / "serve_any"
README = (HERE / "README.md").read_text(encoding="utf-8")
ASKED = dict(re.findall(r"^\| \[`(\w+\.py)`\].*`curl localhost:8000/predict -d '(.*)'` \|$", README, re.MULTILINE))
DOCKERFILE = re.sub(r"\\\n\s*", "", (HERE / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture
def start(tmp_path):
    started = []

    def start(script):
        process = subprocess.Popen(
            [sys.executable, str(HERE / script), "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        line = process.stdout.readline()
        assert line.startswith("serving "), line
        return process, line.split()[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def get(url, body=None):
    with urllib.request.urlopen(url, data=body, timeout=30) as answer:
        return answer.status, answer.read()


def needed(script):
    if script == "onnx_model.py" and not all(map(importlib.util.find_spec, ("onnxruntime", "skl2onnx"))):
        assert "CI" not in os.environ, "onnxruntime and skl2onnx belong to CI"
        pytest.skip("onnxruntime and skl2onnx are not installed")


def test_readme_has_a_line_for_every_example():
    scripts = {path.name for path in HERE.glob("*.py")}

    assert scripts == set(ASKED)


@pytest.mark.parametrize("script", sorted(ASKED))
def test_example_answers_what_its_readme_asks(start, script):
    needed(script)
    process, url = start(script)
    body = ASKED[script]

    status, answer = get(url + "/predict", body.encode())
    process.send_signal(signal.SIGTERM)

    assert 200 == status
    assert len(json.loads(body)["instances"]) == len(json.loads(answer)["predictions"])
    assert 0 == process.wait(30)


def test_estimator_example_writes_no_pickle(start, tmp_path):
    process, _ = start("estimator.py")

    process.terminate()

    assert 0 == process.wait(30)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [] == [path.name for path in files if path.suffix in {".pkl", ".pickle", ".joblib"}]


# What the container files name, held against what the server has: a rename in either is found here.


def manifests():
    return {document["kind"]: document for document in documents((HERE / "kubernetes.yaml").read_text())}


def documents(text):
    for part in text.split("\n---\n"):
        yield load_yaml(part)


def instruction(name):
    return [line.split(None, 1)[1] for line in DOCKERFILE.splitlines() if line.split(None, 1)[:1] == [name]]


def test_probes_ask_what_the_server_answers(start):
    pod = manifests()["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    probes = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "readiness", "liveness")]
    scraped = pod["metadata"]["annotations"]["prometheus.io/path"]
    checked = re.search(r"http://127\.0\.0\.1:8000(/[^']+)", DOCKERFILE)[1]
    _, url = start("plain_object.py")

    statuses = [get(url + path)[0] for path in (*probes, scraped, checked)]

    assert [200] * 5 == statuses


def test_ports_names_and_images_agree():
    parts = manifests()
    pod = parts["Deployment"]["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    (port,) = container["ports"]
    (service,) = parts["Service"]["spec"]["ports"]
    labels = pod["metadata"]["labels"]
    entry = json.loads(instruction("ENTRYPOINT")[0])

    assert [str(port["containerPort"])] == instruction("EXPOSE")
    assert str(port["containerPort"]) == entry[entry.index("--port") + 1]
    assert str(port["containerPort"]) == pod["metadata"]["annotations"]["prometheus.io/port"]
    assert port["name"] == service["targetPort"]
    assert {port["name"]} == {
        container[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "readiness", "liveness")
    }
    assert labels == parts["Deployment"]["spec"]["selector"]["matchLabels"]
    assert labels == parts["Service"]["spec"]["selector"]
    assert labels == parts["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"]
    assert f"docker build -t {container['image']} " in README


def test_grace_period_holds_the_drain_and_the_longest_answer():
    grace_s = manifests()["Deployment"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    entry = json.loads(instruction("ENTRYPOINT")[0])
    drain_s = float(entry[entry.index("--drain-s") + 1])
    serve = typer.main.get_command(app).commands["serve"]
    shutdown_s = next(option.default for option in serve.params if option.name == "shutdown_s")

    assert grace_s > drain_s + shutdown_s


def test_user_of_the_image_is_the_one_the_pod_asks_for():
    uid = manifests()["Deployment"]["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    (made,) = [part for part in instruction("RUN") if part.startswith("useradd")]
    words = shlex.split(made)

    assert str(uid) == words[words.index("--uid") + 1]
    assert [words[-1]] == instruction("USER")
    assert ["SIGTERM"] == instruction("STOPSIGNAL")


def test_command_of_the_image_is_understood():
    command, name, *arguments = json.loads(instruction("ENTRYPOINT")[0])
    serve = typer.main.get_command(app).commands[name]

    parsed = serve.make_context(name, arguments, resilient_parsing=False)

    assert "groundwork" == command
    assert "0.0.0.0" == parsed.params["host"]
    assert 8000 == parsed.params["port"]


def test_build_folder_of_the_readme_has_what_the_dockerfile_copies():
    copied = {word for line in instruction("COPY") for word in line.split()[:-1] if not word.startswith("--")}
    gathered = re.search(
        r"pip wheel --no-deps -w build \. && cp (?P<files>.*) build/ && cp -r (?P<model>\S+) build/", README
    )

    assert {"requirements.lock", "groundwork-*.whl", gathered["model"]} == copied
    assert "requirements.lock" in gathered["files"].split()
