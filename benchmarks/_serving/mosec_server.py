import sys

import model
from mosec import Server, Worker


class Predict(Worker):
    def __init__(self):
        self.estimator = model.load()

    def forward(self, data):
        rows = [row for request in data for row in request["instances"]]
        results = iter(model.predict(self.estimator, rows))
        return [{"predictions": [next(results) for _ in request["instances"]]} for request in data]


if __name__ == "__main__":
    sys.argv += ["--address", "127.0.0.1", "--port", str(model.PORT), "--log-level", "warning"]
    server = Server()
    server.append_worker(Predict, num=1, max_batch_size=model.MAX_BATCH, max_wait_time=model.WAIT_MS, route="/predict")
    server.run()
