"""The limit seen: a protocol over httptools and uvloop that predicts inline what one turn of the loop brought."""

import asyncio

import httptools
import model
import msgspec
import numpy as np
import uvloop

estimator = model.load()
decode = msgspec.json.Decoder(dict[str, list[list[float]]]).decode
waiting = []


def flush():
    batch, waiting[:] = waiting[: model.MAX_BATCH], waiting[model.MAX_BATCH :]
    if waiting:
        loop.call_soon(flush)
    results = model.predict(estimator, np.asarray([row for _, row in batch]))
    for (transport, _), result in zip(batch, results, strict=True):
        body = b'{"predictions":[%d]}' % result
        transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        )


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.data_received = self.parser.feed_data

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_body(self, body):
        self.body = body

    def on_message_complete(self):
        waiting.append((self.transport, decode(self.body)["instances"][0]))
        if len(waiting) == 1:
            loop.call_soon(flush)


loop = uvloop.new_event_loop()
loop.run_until_complete(loop.create_server(Connection, "127.0.0.1", model.PORT, backlog=2048))
loop.run_forever()
