"""What one writes by hand: an ASGI app on uvicorn, one executor thread, a batch whenever that is free."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import model
import msgspec
import uvicorn

estimator = model.load()
decode = msgspec.json.Decoder(dict[str, list[list[float]]]).decode
encode = msgspec.json.Encoder().encode
executor = ThreadPoolExecutor(1)
waiting = []
running = None


async def run():
    global running
    loop = asyncio.get_running_loop()
    while waiting:
        batch, waiting[:] = waiting[: model.MAX_BATCH], waiting[model.MAX_BATCH :]
        results = await loop.run_in_executor(executor, model.predict, estimator, [row for row, _ in batch])
        for (_, answer), result in zip(batch, results, strict=True):
            answer.set_result(result)
    running = None


async def app(scope, receive, send):
    global running
    if scope["type"] != "http":
        return
    body = (await receive())["body"]
    answer = asyncio.get_running_loop().create_future()
    waiting.append((decode(body)["instances"][0], answer))
    if running is None:
        running = asyncio.create_task(run())
    body = encode({"predictions": [await answer]})
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


uvicorn.run(app, port=model.PORT, access_log=False, log_level="warning", lifespan="off", backlog=2048)
