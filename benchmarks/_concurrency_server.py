"""A server that answers each request after a while; prints its port. Run: _concurrency_server.py SECONDS"""

import asyncio
import sys

DELAY_S = float(sys.argv[1])
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Answer(asyncio.Protocol):
    """As little as answers: the server should not be what is measured."""

    def connection_made(self, transport):
        self.transport, self.begun = transport, b""

    def data_received(self, data):
        self.begun += data
        while b"\r\n\r\n" in self.begun:
            _, self.begun = self.begun.split(b"\r\n\r\n", 1)
            asyncio.get_running_loop().call_later(DELAY_S, self.transport.write, ANSWER)


async def main():
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
