import logging
import time

import model
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=1, max_ongoing_requests=1024, ray_actor_options={"num_cpus": 1})
class Predict:
    def __init__(self):
        self.estimator = model.load()

    @serve.batch(max_batch_size=model.MAX_BATCH, batch_wait_timeout_s=model.WAIT_MS / 1000)
    async def predict(self, requests):
        rows = [row for instances in requests for row in instances]
        results = iter(model.predict(self.estimator, rows))
        return [[next(results) for _ in instances] for instances in requests]

    async def __call__(self, request: Request):
        return {"predictions": await self.predict((await request.json())["instances"])}


ray.init(num_cpus=2, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": model.PORT}, logging_config={"enable_access_log": False})
serve.run(Predict.bind(), route_prefix="/predict")
while True:
    time.sleep(60)
