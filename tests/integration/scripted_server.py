"""A server in a thread that answers what a test tells it to, byte by byte if need be."""

import asyncio
import json
import threading
from contextlib import contextmanager


class Asked:
    """One request that arrived."""

    def __init__(self, method, path, headers, body, number):
        self.method, self.path, self.headers, self.body, self.number = method, path, headers, body, number

    @property
    def json(self):
        return json.loads(self.body)


def reply(status=200, document=None, *, body=None, headers=(), close=False):
    """Return an answer as bytes."""
    content = json.dumps(document).encode() if body is None else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}", *headers]
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


class Scripted:
    """A running server; ``asked`` holds what arrived."""

    def __init__(self, answer):
        self._answer = answer
        self.asked = []
        self.connections = 0

    async def handle(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                asked = Asked(method, path, headers, body, len(self.asked))
                self.asked.append(asked)
                answer = self._answer(asked)
                if asyncio.iscoroutine(answer):
                    answer = await answer
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
                if b"\r\nConnection: close\r\n" in answer or b"\r\nConnection: close\r\n\r\n" in answer:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()


@contextmanager
def scripted(answer):
    """Serve while the block lasts; ``answer(asked)`` gives bytes, or None to hang up."""
    server = Scripted(answer)
    started = threading.Event()

    async def main():
        listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        server.loop, server.stop = asyncio.get_running_loop(), asyncio.Event()
        started.set()
        await server.stop.wait()
        listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        server.loop.call_soon_threadsafe(server.stop.set)
        thread.join()
