import os
import sys

import model

if __name__ == "__main__":
    from bentoml_cli.cli import cli

    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    sys.argv = ["bentoml", "serve", "bentoml_server:Predict", "--host", "127.0.0.1", "--port", str(model.PORT)]
    cli()
else:
    import bentoml
    import numpy as np

    @bentoml.service(
        workers=1, traffic={"timeout": 60, "max_concurrency": 1024}, logging={"access": {"enabled": False}}
    )
    class Predict:
        def __init__(self):
            self.estimator = model.load()

        @bentoml.api(batchable=True, max_batch_size=model.MAX_BATCH, max_latency_ms=60_000, route="/predict")
        def predict(self, instances: np.ndarray) -> np.ndarray:
            return np.asarray(model.predict(self.estimator, instances))
