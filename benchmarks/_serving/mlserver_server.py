"""The runtime for MLServer, and as a script what ``mlserver start`` needs to find it."""

import json
import os
import sys
from pathlib import Path

if __name__ == "__main__":
    port, wait_s = int(os.environ["PORT"]), 0.002
    settings = {
        "host": "127.0.0.1",
        "http_port": port,
        "grpc_port": port + 1,
        "metrics_port": port + 2,
        "parallel_workers": int(os.environ.get("MLSERVER_PARALLEL", "0")),
        "debug": False,
    }
    cancer = {
        "name": "cancer",
        "implementation": "mlserver_server.Predict",
        "max_batch_size": int(os.environ["MAX_BATCH"]),
        "max_batch_time": wait_s,
    }
    Path("settings.json").write_text(json.dumps(settings))
    Path("model-settings.json").write_text(json.dumps(cancer))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)}
    start = "from mlserver.cli import main; main()"
    os.execve(sys.executable, [sys.executable, "-W", "ignore", "-c", start, "start", "."], environment)

import model
import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Predict(MLModel):
    async def load(self):
        self.estimator = model.load()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        rows = NumpyCodec.decode_input(payload.inputs[0])
        results = np.asarray(model.predict(self.estimator, rows)).reshape(-1, 1)
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("predictions", results)])
