import asyncio
import json
import sys

import numpy as np
import pytest

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._call import Response
from groundwork.serving._grpc_side import GrpcSide
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._infer_wire import read_request, write_answer
from groundwork.serving._outputs import outputs_of
from groundwork.serving._problem import Problem, rejection


@pytest.fixture
def grpc(needs):
    needs("google.protobuf")
    return needs("grpc")


@pytest.fixture
def messages(grpc):
    from groundwork.serving._grpc_messages import MESSAGES

    return MESSAGES


@pytest.fixture
def translation(grpc):
    from groundwork.serving import _grpc_infer

    return _grpc_infer


@pytest.fixture
def module(grpc):
    from groundwork.serving import _grpc

    return _grpc


def an_infer(messages, *tensors, **more):
    return messages["ModelInferRequest"](model_name="m", inputs=tensors, **more)


def test_messages_are_those_of_the_protocol_field_by_field(needs, grpc):
    theirs = needs("tritonclient.grpc").service_pb2.DESCRIPTOR
    from google.protobuf import descriptor_pb2

    from groundwork.serving._grpc_messages import _file

    file = descriptor_pb2.FileDescriptorProto()
    theirs.CopyToProto(file)
    expected, found = described(file.message_type), described(_file().message_type)
    shared = found.keys() & expected.keys()
    assert len(shared) > 20
    assert {name: found[name] for name in shared} == {name: expected[name] for name in shared}


def described(messages, prefix=""):
    """Return the fields of messages, and of those inside them, by the message's name."""
    fields = {}
    for message in messages:
        name = prefix + message.name
        fields[name] = [(field.number, field.name, field.type, field.label, field.type_name) for field in message.field]
        fields |= described(message.nested_type, f"{name}.")
    return fields


def test_raw_contents_are_passed_on_as_they_are(messages, translation):
    values = np.array([1.5, 2.5], np.float32)
    tensor = {"name": "x", "datatype": "FP32", "shape": [2]}

    body, length = translation.http_body(an_infer(messages, tensor, id="7", raw_input_contents=[values.tobytes()]))
    request = read_request(body, str(length).encode())

    assert request.inputs["x"].data.tolist() == [1.5, 2.5]
    assert (request.id, request.outputs, request.binary) == ("7", None, True)


def test_outputs_are_always_asked_for_as_bytes(messages, translation):
    asked = an_infer(messages, outputs=[{"name": "y", "parameters": {"binary_data": {"bool_param": False}}}])

    body, length = translation.http_body(asked)

    assert json.loads(body[:length])["outputs"] == [{"name": "y", "parameters": {"binary_data": True}}]


@pytest.mark.parametrize(
    ("datatype", "field", "values", "told"),
    [
        ("INT8", "int_contents", [128], "int_contents holds a number that is too large for INT8"),
        ("UINT8", "uint_contents", [256], "too large for UINT8"),
        ("FP32", "fp64_contents", [1.0], "FP32 goes into fp32_contents, not fp64_contents"),
        ("FP16", "fp32_contents", [1.0], "FP16 has no typed contents; send raw_input_contents"),
    ],
)
def test_contents_that_are_none_of_their_datatype_are_refused(messages, translation, datatype, field, values, told):
    asked = an_infer(messages, {"name": "x", "datatype": datatype, "shape": [1], "contents": {field: values}})

    with pytest.raises(Problem) as caught:
        translation.http_body(asked)

    assert told in caught.value.detail


def test_contents_in_both_forms_are_refused(messages, translation):
    tensor = {"name": "x", "datatype": "FP32", "shape": [1], "contents": {"fp32_contents": [1.0]}}

    with pytest.raises(Problem, match="it has contents and raw_input_contents"):
        translation.http_body(an_infer(messages, tensor, raw_input_contents=[b"abcd"]))


def test_an_answer_has_its_tensors_as_raw_contents(messages, translation):
    body, length = translation.http_body(an_infer(messages))
    request = read_request(body, str(length).encode())
    answer, head_length = write_answer("m", "3", outputs_of([{"a": 1.5, "b": "x"}]), request)

    response = translation.infer_response(answer, head_length)

    assert (response.model_name, response.model_version, response.id) == ("m", "3", "")
    assert [(output.name, output.datatype, list(output.shape)) for output in response.outputs] == [
        ("a", "FP64", [1]),
        ("b", "BYTES", [1]),
    ]
    assert list(response.raw_output_contents) == [np.array([1.5]).tobytes(), b"\1\0\0\0x"]


class Aborted(Exception):
    pass


class Context:
    """What grpcio says of a call."""

    def __init__(self, *, peer="ipv4:127.0.0.1:50000", metadata=(), remaining_s=None):
        self._peer, self._metadata, self._remaining_s = peer, metadata, remaining_s

    def peer(self):
        return self._peer

    def invocation_metadata(self):
        return self._metadata

    def time_remaining(self):
        return self._remaining_s

    async def abort(self, code, details, trailers):
        self.code, self.details, self.trailers = code, details, dict(trailers)
        raise Aborted


def spoken(module, served, models, talk, **options):
    """Serve models and return what ``talk(server, context)`` returns, of gRPC's methods called directly."""

    async def main():
        async with served(models, **options) as client:
            server = module.GrpcServer(client.app.core, max_body_bytes=1000, max_calls=4)
            try:
                return await talk(server, Context())
            finally:
                await server.stop(0)

    return asyncio.run(main())


class Canned:
    """An application that answers as it is told, or never."""

    def __init__(self, response=None):
        self.response = response
        self.calls = []
        self.cancelled = 0

    def preview(self, call):
        return 10.0

    def begin(self, call, done):
        self.calls.append(call)
        if self.response is None:
            return self
        done(self.response)
        return None

    def cancel(self):
        self.cancelled += 1


def asked(module, application, name, request, context):
    """Call a method of the service directly."""

    async def main():
        server = module.GrpcServer(application, max_body_bytes=1000, max_calls=4)
        method = {"ModelInfer": server._model_infer, "ModelReady": server._model_ready}[name]
        try:
            return await method(request, context)
        finally:
            await server.stop(0)

    return asyncio.run(main())


class Echo:
    version = "3"

    def input_schema(self):
        return {"type": "object", "properties": {"x": {"type": "number"}}, "examples": [{"x": 1.5}]}

    def predict(self, batch):
        return [row["x"] for row in batch]


def test_the_service_tells_what_http_tells(module, served, messages):
    async def talk(server, context):
        return [
            await server._server_live(messages["ServerLiveRequest"](), context),
            await server._server_ready(messages["ServerReadyRequest"](), context),
            await server._model_ready(messages["ModelReadyRequest"](name="m"), context),
            await server._server_metadata(messages["ServerMetadataRequest"](), context),
            await server._model_metadata(messages["ModelMetadataRequest"](name="m", version="3"), context),
            await server._repository_index(messages["RepositoryIndexRequest"](ready=True), context),
        ]

    live, ready, model_ready, metadata, model, index = spoken(module, served, {"m": Echo()}, talk)

    assert (live.live, ready.ready, model_ready.ready) == (True, True, True)
    assert (metadata.name, list(metadata.extensions)) == ("groundwork", ["binary_tensor_data", "model_repository"])
    assert (model.name, list(model.versions), model.platform) == ("m", ["3"], "groundwork")
    assert [(spec.name, spec.datatype, list(spec.shape)) for spec in model.inputs] == [("x", "FP64", [-1])]
    assert [(spec.name, spec.datatype, list(spec.shape)) for spec in model.outputs] == [("predictions", "FP64", [-1])]
    assert [(entry.name, entry.version, entry.state) for entry in index.models] == [("m", "3", "READY")]


def test_infer_gives_what_the_model_gave(module, served, messages):
    tensor = {"name": "x", "datatype": "FP64", "shape": [2], "contents": {"fp64_contents": [1.5, 2.5]}}

    response = spoken(
        module, served, {"m": Echo()}, lambda server, context: server._model_infer(an_infer(messages, tensor), context)
    )

    assert response.raw_output_contents[0] == np.array([1.5, 2.5]).tobytes()


def test_a_call_without_a_key_is_refused_before_its_body_is_made(module, served, messages, grpc, monkeypatch):
    def never(request):
        pytest.fail("the body was made")

    async def talk(server, context):
        with pytest.raises(Aborted):
            await server._model_infer(an_infer(messages), context)
        return context.code

    monkeypatch.setattr(module, "http_body", never)

    assert spoken(module, served, {"m": Echo()}, talk, api_keys=["k"]) == grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("datatype", ["BF16", "FP16"])
def test_what_cannot_be_read_is_an_invalid_argument(module, served, messages, grpc, datatype):
    tensor = {"name": "x", "datatype": datatype, "shape": [1]}

    async def talk(server, context):
        with pytest.raises(Aborted):
            await server._model_infer(an_infer(messages, tensor), context)
        with pytest.raises(Aborted):
            await server._model_metadata(messages["ModelMetadataRequest"](name="n"), unknown)
        return context

    unknown = Context()
    context = spoken(module, served, {"m": Echo()}, talk)

    assert (context.code, unknown.code) == (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND)
    assert unknown.details == "there is no model 'n'; there are: m"


def test_a_late_answer_to_a_call_taken_back_is_dropped(module, messages):
    class Slow(Canned):
        def begin(self, call, done):
            self.done = done
            return self

        def cancel(self):
            self.done(Response(b"{}"))
            self.cancelled += 1

    application = Slow()

    async def main():
        server = module.GrpcServer(application, max_body_bytes=1000, max_calls=4)
        call = asyncio.create_task(server._server_live(messages["ServerLiveRequest"](), Context()))
        await asyncio.sleep(0)
        call.cancel()
        (ended,) = await asyncio.gather(call, return_exceptions=True)
        await server.stop(0)
        return ended

    assert isinstance(asyncio.run(main()), asyncio.CancelledError)
    assert application.cancelled == 1


def test_metadata_and_deadline_go_as_headers_and_the_client_is_known_by_its_address(module, messages):
    application = Canned(Response(b"{}"))
    metadata = (("authorization", "Bearer k"), ("x-bin", b"\xff"), ("inference-header-content-length", "5"))
    context = Context(peer="ipv6:%5B::1%5D:50000", metadata=metadata, remaining_s=1.5)

    ready = asked(module, application, "ModelReady", messages["ModelReadyRequest"](name="m", version="2"), context)

    (call,) = application.calls
    assert ready.ready
    assert (call.method, call.path, call.peer) == ("GET", "/v2/models/m/versions/2/ready", "::1")
    assert call.headers == {b"authorization": b"Bearer k", b"x-bin": b"\xff", b"x-request-timeout-ms": b"1500"}


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (Problem(400, "a", "b").response(), "INVALID_ARGUMENT"),
        (Problem(401, "a", "b").response(), "UNAUTHENTICATED"),
        (Problem(404, "a", "b").response(), "NOT_FOUND"),
        (Problem(413, "a", "b").response(), "RESOURCE_EXHAUSTED"),
        (Problem(422, "a", "b").response(), "INVALID_ARGUMENT"),
        (Problem(500, "a", "b").response(), "INTERNAL"),
        (Problem(504, "a", "b").response(), "DEADLINE_EXCEEDED"),
    ],
)
def test_a_problem_is_told_by_its_code_and_detail(module, messages, grpc, response, code):
    context = Context()

    with pytest.raises(Aborted):
        asked(module, Canned(response), "ModelInfer", an_infer(messages), context)

    assert (context.code, context.details) == (getattr(grpc.StatusCode, code), "b")
    assert context.trailers == {"problem-code": "a"}


@pytest.mark.parametrize(("kind", "code"), [("overloaded", "UNAVAILABLE"), ("rate_limited", "RESOURCE_EXHAUSTED")])
def test_a_refusal_says_when_to_come_again(module, messages, grpc, kind, code):
    context = Context()

    with pytest.raises(Aborted):
        asked(module, Canned(rejection(kind, 3)), "ModelInfer", an_infer(messages), context)

    status = messages["Status"].FromString(context.trailers["grpc-status-details-bin"])
    retry = messages["RetryInfo"].FromString(status.details[0].value)
    assert context.code == getattr(grpc.StatusCode, code)
    assert (context.trailers["retry-after"], context.trailers["grpc-retry-pushback-ms"]) == ("3", "3000")
    assert (status.code, retry.retry_delay.seconds) == (context.code.value[0], 3)


def test_readiness_of_a_model_is_a_problem_only_where_it_cannot_be_told(module, messages):
    context = Context()
    request = messages["ModelReadyRequest"](name="m")

    unknown = asked(module, Canned(Problem(404, "a", "b").response()), "ModelReady", request, context)
    with pytest.raises(Aborted):
        asked(module, Canned(Problem(401, "a", "b").response()), "ModelReady", request, context)

    assert not unknown.ready


def test_a_cancelled_call_is_taken_back(module, messages):
    application = Canned()

    async def main():
        server = module.GrpcServer(application, max_body_bytes=1000, max_calls=4)
        call = asyncio.create_task(server._model_infer(an_infer(messages), Context()))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await server.stop(0)

    asyncio.run(main())

    assert application.cancelled == 1


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "groundwork.serving._grpc", None)

    with pytest.raises(ConfigurationError, match="gRPC needs the extra grpc") as caught:
        GrpcSide("127.0.0.1", 0)

    assert "pip install 'groundwork[grpc]'" in caught.value.hint


def test_a_certificate_that_cannot_be_read_is_the_worlds_fault(grpc, tmp_path):
    with pytest.raises(WorldError, match="the certificate cannot be read"):
        GrpcSide("127.0.0.1", 0, cert=tmp_path / "none.pem")


def test_a_port_that_is_taken_is_named(grpc):
    async def main():
        first = GrpcSide("127.0.0.1", 0)
        await first.start(Canned(), ConnectionOptions())
        second = GrpcSide("127.0.0.1", int(first.address.rpartition(":")[2]))
        try:
            await second.start(Canned(), ConnectionOptions())
        finally:
            await second.stop(0)
            await first.stop(0)

    with pytest.raises(WorldError, match="gRPC cannot listen on") as caught:
        asyncio.run(main())

    assert caught.value.code == "port_unavailable"


def test_a_side_that_never_listened_can_be_stopped(grpc):
    told = []
    side = GrpcSide("127.0.0.1", 0, on_grpc=told.append)

    side.tell()
    asyncio.run(side.stop(0))

    assert told == [""]
