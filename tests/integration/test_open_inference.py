"""NVIDIA's client, as it is, against a real server in a process of its own: HTTP and gRPC."""

import http.client as http_client
import json
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from random import Random

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from groundwork.storage import CheckpointStore

pytestmark = pytest.mark.integration

PATIENCE_S = 60

SERVER = """
import sys
from sklearn.linear_model import LogisticRegression
from groundwork.serving import serve

class Echo:
    version = "3"

    def input_schema(self):
        return {"type": "object", "properties": {"x": {"type": "number"}}, "examples": [{"x": 1.5}]}

    def predict(self, batch):
        return [row["x"] for row in batch]

class Held(Echo):
    version = "1"
    seen = []

    def predict(self, batch):
        values = [row["x"] for row in batch]
        self.seen += values
        if -1 in values:
            print("held", flush=True)
            sys.stdin.readline()
        if -2 in values:
            print("seen", self.seen, flush=True)
        return values

rows = [[2, 0, 1], [-2, 1, 0], [1, 3, 2], [-1, 2, 1]]
estimator = LogisticRegression().fit(rows, [1, 0, 1, 0])
serve(
    {"echo": Echo(), "risk": estimator, "held": Held()}, port=0, on_ready=lambda url: print(url, flush=True),
    grpc_port=GRPC, on_grpc=lambda address: print(address, flush=True), OPTIONS
)
print("returned", flush=True)
"""

VALUES = {
    "FP32": np.array([1.5, -2.25, np.float32(3e38)], np.float32),
    "FP64": np.array([1.5, -2.25, 1e300]),
    "FP16": np.array([1.5, -2.25, 6e4], np.float16),
    "INT64": np.array([-(2**63), 0, 2**63 - 1]),
    "BOOL": np.array([True, False, True]),
    "BYTES": np.array(["Zürich".encode(), b"", b"a" * 300], object),
}


@contextmanager
def server(*, grpc, options=""):
    source = SERVER.replace("GRPC", "0" if grpc else "None").replace("OPTIONS", options)
    with subprocess.Popen(
        [sys.executable, "-c", source],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            process.grpc = process.stdout.readline().strip() if grpc else None
            url = process.stdout.readline().strip()
            assert re.fullmatch(r"https?://127\.0\.0\.1:\d+", url), process.stderr.read()
            process.http = url.removeprefix("http://")
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def served():
    with server(grpc=False) as process:
        yield process


@pytest.fixture(scope="module")
def served_grpc():
    with server(grpc=True) as process:
        yield process


@pytest.fixture
def http(needs, served):
    module = needs("tritonclient.http")
    with module.InferenceServerClient(served.http) as client:
        client.module = module
        yield client


@pytest.fixture
def grpc(needs, request):
    module = needs("tritonclient.grpc")
    with module.InferenceServerClient(request.getfixturevalue("served_grpc").grpc) as client:
        client.module = module
        yield client


@pytest.fixture(params=["http", "grpc"])
def client(request):
    """Either protocol's client; what they have in common is asked of both."""
    return request.getfixturevalue(request.param)


def an_input(client, name, values, **more):
    given = client.module.InferInput(name, list(values.shape), datatype_of(values))
    given.set_data_from_numpy(values, **more)
    return given


def datatype_of(values):
    from tritonclient.utils import np_to_triton_dtype

    return np_to_triton_dtype(values.dtype)


def test_what_is_alive_and_ready_says_so(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("echo")
    assert client.is_model_ready("echo", "3")


def test_no_such_model_or_version_is_ready(client):
    assert not client.is_model_ready("nope")
    assert not client.is_model_ready("echo", "4")


def test_the_server_names_its_extensions(client):
    metadata = client.get_server_metadata(**as_json(client))

    assert metadata["name"] == "groundwork"
    assert "binary_tensor_data" in metadata["extensions"]


def test_metadata_says_what_infer_takes_and_gives(client):
    metadata = client.get_model_metadata("risk", "1", **as_json(client))

    shape = {"http": [-1, 3], "grpc": ["-1", "3"]}[protocol(client)]
    assert metadata["versions"] == ["1"]
    assert metadata["inputs"] == [{"name": "instances", "datatype": "FP64", "shape": shape}]
    assert metadata["outputs"] == [{"name": "predictions", "datatype": "INT64", "shape": shape[:1]}]


def test_the_index_lists_models_and_versions(client):
    index = client.get_model_repository_index(**as_json(client))

    models = index if protocol(client) == "http" else index["models"]
    assert [(model["name"], model["version"], model["state"]) for model in models] == [
        ("echo", "3", "READY"),
        ("risk", "1", "READY"),
        ("held", "1", "READY"),
    ]


@pytest.mark.parametrize("datatype", VALUES)
def test_values_of_each_type_come_back_as_they_went(client, datatype):
    values = VALUES[datatype]

    result = client.infer("echo", [an_input(client, "x", values)], request_id="a7")

    back = result.as_numpy("predictions")
    response = result.get_response()
    assert back.tolist() == values.tolist()
    assert (response["id"] if protocol(client) == "http" else response.id) == "a7"


@pytest.mark.parametrize("binary_out", [True, False])
@pytest.mark.parametrize("datatype", VALUES)
def test_json_carries_each_type_too(http, datatype, binary_out):
    values = VALUES[datatype]
    wanted = [http.module.InferRequestedOutput("predictions", binary_data=binary_out)]

    result = http.infer("echo", [an_input(http, "x", values, binary_data=False)], "3", outputs=wanted)

    back = [item.encode() if isinstance(item, str) else item for item in result.as_numpy("predictions").tolist()]
    assert back == values.tolist()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16, np.int64])
def test_a_matrix_of_numbers_is_predicted(client, dtype):
    rows = np.array([[2, 0, 1], [-2, 1, 0], [-1, 2, 1]], dtype)

    result = client.infer("risk", [an_input(client, "instances", rows)])

    assert result.as_numpy("predictions").tolist() == [1, 0, 0]


def test_async_calls_are_answered(http):
    asked = [http.async_infer("echo", [an_input(http, "x", np.array([float(number)]))]) for number in range(4)]

    assert [call.get_result().as_numpy("predictions").tolist() for call in asked] == [[0.0], [1.0], [2.0], [3.0]]


def test_async_calls_over_grpc_are_answered(grpc):
    answered = threading.Event()
    seen = []

    def done(result, error):
        seen.append(error or result.as_numpy("predictions").tolist())
        answered.set()

    grpc.async_infer("echo", [an_input(grpc, "x", np.array([2.5]))], done)

    assert answered.wait(PATIENCE_S)
    assert seen == [[2.5]]


def refusal(call):
    from tritonclient.utils import InferenceServerException

    with pytest.raises(InferenceServerException) as caught:
        call()
    return caught.value


def test_the_client_shows_what_is_wrong(client):
    column = an_input(client, "x", np.array([1.0]))

    unknown = refusal(lambda: client.infer("nope", [column]))
    wrong = refusal(lambda: client.infer("risk", [column]))
    missing = refusal(lambda: client.infer("echo", [column], outputs=[client.module.InferRequestedOutput("q")]))

    statuses = {
        "http": ["404", "422", "400"],
        "grpc": ["StatusCode.NOT_FOUND", "StatusCode.INVALID_ARGUMENT", "StatusCode.INVALID_ARGUMENT"],
    }
    assert [error.status() for error in (unknown, wrong, missing)] == statuses[protocol(client)]
    assert unknown.message() == "there is no model 'nope'; there are: echo, risk, held"
    assert "input 'x' has the shape [1]; the model takes [rows, 3]" in wrong.message()
    assert missing.message() == "outputs: there is no 'q'; there are: predictions"


def test_what_there_is_not_is_refused_in_words(http):
    config = refusal(lambda: http.get_model_config("echo"))
    statistics = refusal(lambda: http.get_inference_statistics("echo"))
    column = an_input(http, "x", np.array([1.0]))
    compressed = refusal(lambda: http.infer("echo", [column], request_compression_algorithm="gzip"))

    assert [error.status() for error in (config, statistics, compressed)] == ["404", "404", "415"]
    assert "there is no /v2/models/echo/config" in config.message()


def test_a_megabyte_goes_through_either_way(client):
    values = np.arange(2**18, dtype=np.float32).reshape(1, -1)

    error = refusal(lambda: client.infer("risk", [an_input(client, "instances", values)]))

    assert "has the shape [1, 262144]" in error.message()


# What only gRPC has.


def message(module, name):
    return getattr(module.service_pb2, name)


def test_typed_contents_are_read_as_raw_ones_are(grpc):
    for datatype, field, values in [
        ("FP32", "fp32_contents", [1.5, -2.0]),
        ("FP64", "fp64_contents", [1.5, 1e300]),
        ("INT8", "int_contents", [-128, 127]),
        ("INT64", "int64_contents", [-(2**63), 5]),
        ("UINT16", "uint_contents", [0, 65535]),
        ("UINT64", "uint64_contents", [0, 7]),
        ("BOOL", "bool_contents", [True, False]),
        ("BYTES", "bytes_contents", [b"a", "ü".encode()]),
    ]:
        asked = message(grpc.module, "ModelInferRequest")(model_name="echo")
        given = asked.inputs.add(name="x", datatype=datatype, shape=[2])
        getattr(given.contents, field).extend(values)

        answer = grpc._client_stub.ModelInfer(asked)

        assert grpc.module.InferResult(answer).as_numpy("predictions").tolist() == values


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda asked: asked.raw_input_contents.append(b"abc"), "FP64 of the shape [1] takes 8 bytes, not 3"),
        (lambda asked: asked.raw_input_contents.extend([b"", b""]), "there are 2 for 1 inputs"),
        (lambda asked: None, "FP64 of the shape [1] takes 8 bytes, not 0"),
        (
            lambda asked: asked.inputs[0].contents.fp32_contents.append(1.0),
            "goes into fp64_contents, not fp32_contents",
        ),
        (lambda asked: asked.inputs[0].shape.append(-1), "Expected `int` >= 0"),
        (lambda asked: setattr(asked.inputs[0], "datatype", "BF16"), "there is no datatype 'BF16' here"),
        (lambda asked: setattr(asked.inputs[0], "datatype", "FP16"), "FP16 has no typed contents"),
        (lambda asked: asked.inputs.pop(), "the request has no inputs"),
        (lambda asked: setattr(asked, "model_name", "a/b"), "there is no model 'a%2Fb'"),
        (
            lambda asked: (
                asked.inputs[0]
                .parameters["shared_memory_region"]
                .MergeFrom(type(asked.inputs[0].parameters["shared_memory_region"])(string_param="r"))
            ),
            "shared_memory_region is not supported here",
        ),
    ],
)
def test_a_request_that_contradicts_itself_is_an_invalid_argument(grpc, needs, change, told):
    rpc = needs("grpc")
    asked = message(grpc.module, "ModelInferRequest")(model_name="echo")
    asked.inputs.add(name="x", datatype="FP64", shape=[1])
    change(asked)

    with pytest.raises(rpc.RpcError) as caught:
        grpc._client_stub.ModelInfer(asked)

    assert caught.value.code() in (rpc.StatusCode.INVALID_ARGUMENT, rpc.StatusCode.NOT_FOUND)
    assert told in caught.value.details()


def held_request(module, value):
    asked = message(module, "ModelInferRequest")(model_name="held")
    asked.inputs.add(name="x", datatype="FP64", shape=[1]).contents.fp64_contents.append(value)
    return asked


def test_overload_is_unavailable_and_says_when_to_come_again(needs):
    module, rpc = needs("tritonclient.grpc"), needs("grpc")
    options = 'max_queue_rows=1, max_instances=1, max_batch_rows=1, executor="thread"'

    with server(grpc=True, options=options) as process, module.InferenceServerClient(process.grpc) as client:
        stub = client._client_stub
        first = stub.ModelInfer.future(held_request(module, -1))
        assert process.stdout.readline() == "held\n"
        codes, refused = [], None
        rest = [stub.ModelInfer.future(held_request(module, 1)) for _ in range(4)]
        while not any(call.done() for call in rest):
            threading.Event().wait(0.01)
        process.stdin.write("\n")
        process.stdin.flush()
        for call in rest:
            error = call.exception(PATIENCE_S)
            codes.append(error.code() if error else rpc.StatusCode.OK)
            refused = error or refused
        assert first.result(PATIENCE_S).model_name == "held"

    trailers = dict(refused.trailing_metadata())
    assert set(codes) == {rpc.StatusCode.OK, rpc.StatusCode.UNAVAILABLE}
    assert int(trailers["retry-after"]) >= 1
    assert trailers["grpc-retry-pushback-ms"] == trailers["retry-after"] + "000"
    assert b"type.googleapis.com/google.rpc.RetryInfo" in trailers["grpc-status-details-bin"]


def test_a_call_that_is_given_up_or_late_never_reaches_the_model(needs):
    module, rpc = needs("tritonclient.grpc"), needs("grpc")
    options = 'max_batch_rows=1, executor="thread"'

    with server(grpc=True, options=options) as process, module.InferenceServerClient(process.grpc) as client:
        stub = client._client_stub
        first = stub.ModelInfer.future(held_request(module, -1))
        assert process.stdout.readline() == "held\n"
        left = stub.ModelInfer.future(held_request(module, 5))
        late = stub.ModelInfer.future(held_request(module, 6), timeout=0.2)
        assert late.exception(PATIENCE_S).code() == rpc.StatusCode.DEADLINE_EXCEEDED
        left.cancel()
        http = http_client.HTTPConnection(process.http, timeout=PATIENCE_S)
        while in_flight(http) > 1:
            threading.Event().wait(0.01)
        process.stdin.write("\n")
        process.stdin.flush()
        first.result(PATIENCE_S)
        stub.ModelInfer(held_request(module, -2), timeout=PATIENCE_S)

        assert process.stdout.readline() == "seen [1.5, -1.0, -2.0]\n"


def in_flight(connection):
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    # Those that wait for the model; the call for the metrics is one itself.
    return int(float(re.search(r"^groundwork_requests_in_flight ([\d.]+)$", text, re.MULTILINE).group(1))) - 1


def test_told_to_stop_it_answers_what_it_accepted(needs):
    module = needs("tritonclient.grpc")

    with server(grpc=True, options='executor="thread"') as process:
        with module.InferenceServerClient(process.grpc) as client:
            first = client._client_stub.ModelInfer.future(held_request(module, -1))
            assert process.stdout.readline() == "held\n"
            process.terminate()
            process.stdin.write("\n")
            process.stdin.flush()

            assert first.result(PATIENCE_S).model_name == "held"
        assert process.stdout.readline() == "returned\n"
        assert process.wait(PATIENCE_S) == 0


def test_keys_hold_for_grpc_too(needs):
    module = needs("tritonclient.grpc")

    with (
        server(grpc=True, options='api_keys=["secret"]') as process,
        module.InferenceServerClient(process.grpc) as client,
    ):
        client.module = module
        column = an_input(client, "x", np.array([1.0]))
        refused = refusal(lambda: client.infer("echo", [column]))
        allowed = client.infer("echo", [column], headers={"authorization": "Bearer secret"})

    assert refused.status() == "StatusCode.UNAUTHENTICATED"
    assert allowed.as_numpy("predictions").tolist() == [1.0]


def as_json(client):
    return {"as_json": True} if protocol(client) == "grpc" else {}


def protocol(client):
    return client.module.__name__.rpartition(".")[2]


def test_a_certificate_holds_for_grpc_too(needs, tmp_path):
    module, rpc = needs("tritonclient.grpc"), needs("grpc")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    if shutil.which("openssl") is None or subprocess.run([*command, *files], capture_output=True).returncode:
        pytest.skip("no openssl here to make a certificate")

    with server(grpc=True, options=f"tls_cert={str(cert)!r}, tls_key={str(key)!r}") as process:
        credentials = rpc.ssl_channel_credentials(cert.read_bytes())
        options = [("grpc.ssl_target_name_override", "localhost")]
        with module.InferenceServerClient(process.grpc, creds=credentials, channel_args=options) as client:
            assert client.is_server_ready()


WORKERS = """
from sklearn.linear_model import LogisticRegression
from groundwork.serving import serve

if __name__ == "__main__":
    rows = [[2, 0, 1], [-2, 1, 0], [1, 3, 2], [-1, 2, 1]]
    serve(
        {"risk": LogisticRegression().fit(rows, [1, 0, 1, 0])}, port=0, workers=2, grpc_port=0,
        on_grpc=lambda address: print(address, flush=True), on_ready=lambda url: print(url, flush=True),
    )
    print("returned", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads connections over the processes of a port")
def test_several_processes_answer_on_one_port(needs, tmp_path):
    module = needs("tritonclient.grpc")
    script = tmp_path / "served.py"
    script.write_text(WORKERS)

    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            assert process.stdout.readline().startswith("http://")
            answers = []
            for _ in range(4):
                with module.InferenceServerClient(address) as client:
                    client.module = module
                    rows = an_input(client, "instances", np.array([[2.0, 0, 1], [-2, 1, 0]]))
                    answers.append(client.infer("risk", [rows]).as_numpy("predictions").tolist())
            process.terminate()
            assert process.stdout.readline() == "returned\n"
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()

    assert answers == [[1, 0]] * 4


# What is hostile.


def resident_kb(process):
    with open(f"/proc/{process.pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1))


def hostile_bodies(seed, count):
    """Yield bodies and the length that is told of their heads: valid ones broken anywhere, and sizes that lie."""
    random = Random(seed)
    for _ in range(count):
        shape = [random.choice([-1, 0, 1, 2, 2**31, 2**63]) for _ in range(random.randrange(4))]
        size = random.choice([-1, 0, 1, 7, 8, 16, 2**31, 2**62])
        datatype = random.choice(["FP32", "FP64", "BOOL", "BYTES", "INT8", "BF16"])
        tensor = {"name": "x", "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": size}}
        head = json.dumps({"inputs": [tensor, tensor][: random.randrange(3)]}).encode()
        body = bytearray(head + random.randbytes(random.choice([0, 1, 8, 16, 100_000])))
        for _ in range(random.randrange(4)):
            at = random.randrange(len(body))
            body[at : at + random.randrange(4)] = random.randbytes(random.randrange(4))
        yield bytes(body), random.choice([str(len(head)), str(len(body)), "0", "-1", "9" * 30, "x", None])


def ask_hostile_bodies(process, seed, count):
    connection = http_client.HTTPConnection(process.http, timeout=PATIENCE_S)
    statuses = set()
    for number, (body, length) in enumerate(hostile_bodies(seed, count)):
        headers = {} if length is None else {"Inference-Header-Content-Length": length}
        connection.request("POST", f"/v2/models/{('echo', 'risk')[number % 2]}/infer", body, headers)
        answer = connection.getresponse()
        statuses.add(answer.status)
        answer.read()
    connection.close()
    return statuses


@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is read from /proc")
@pytest.mark.parametrize("count", [600, pytest.param(30_000, marks=pytest.mark.slow)])
def test_hostile_bodies_are_answered_and_leave_nothing_behind(count):
    with server(grpc=False) as process:
        ask_hostile_bodies(process, 1, 200)
        before = resident_kb(process)
        statuses = ask_hostile_bodies(process, 2, count)
        after = resident_kb(process)

    assert {400} <= statuses <= {200, 400, 422}
    assert after - before < 20_000


@pytest.mark.parametrize("by_file", [False, True])
def test_the_command_speaks_grpc_where_it_is_told_to(needs, tmp_path, by_file):
    module = needs("tritonclient.grpc")
    CheckpointStore(tmp_path / "store").save(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), step=1)
    (tmp_path / "serve.yaml").write_text("models: {m: store}\nport: 0\ngrpc_port: 0\n")
    asked = ["--config", "serve.yaml"] if by_file else ["m=store", "--port", "0", "--grpc-port", "0"]

    with subprocess.Popen(
        [sys.executable, "-m", "groundwork", "serve", *asked], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            told = process.stdout.readline()
            with module.InferenceServerClient(told.removeprefix("gRPC on ").strip()) as client:
                ready = client.is_model_ready("m")
        finally:
            process.kill()

    assert told.startswith("gRPC on 127.0.0.1:")
    assert ready
