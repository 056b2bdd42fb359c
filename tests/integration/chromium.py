"""Chromium without a window, driven over its debugging protocol."""

import asyncio
import base64
import json
import subprocess
import time
from contextlib import asynccontextmanager, contextmanager

import aiohttp

PATIENCE_S = 60
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


class Tab:
    """A page in the browser.

    ``said`` holds what it wrote to its console and what it broke; ``asked`` the addresses that it wanted, and
    ``blocked`` why it did not get them.
    """

    def __init__(self, socket):
        self._socket, self._number, self._answers = socket, 0, {}
        self.said, self.asked, self.blocked = [], [], []

    async def read(self):
        async for message in self._socket:
            event = json.loads(message.data)
            if "id" in event:
                self._answers.pop(event["id"]).set_result(event)
                continue
            name, content = event["method"], event["params"]
            if name == "Network.requestWillBeSent":
                self.asked.append(content["request"]["url"])
            elif name == "Network.loadingFailed":
                self.blocked.append(content.get("blockedReason"))
            elif name == "Runtime.exceptionThrown":
                self.said.append(content["exceptionDetails"])
            elif name == "Log.entryAdded":
                self.said.append(content["entry"])

    async def call(self, method, **parameters):
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        found = await asyncio.wait_for(answer, PATIENCE_S)
        assert "error" not in found, found
        return found["result"]

    async def open(self, url):
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def js(self, expression):
        found = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def until(self, expression):
        """Return what the expression gives once it is true of the page."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = await self.js(expression)
            if found:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"never true: {expression}; the page said {self.said}")

    async def press(self, key, code=0, text=""):
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    async def type(self, text):
        await self.call("Input.insertText", text=text)

    async def look(self, *, width=1200, height=900, dark=False):
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def screenshot(self):
        return base64.b64decode((await self.call("Page.captureScreenshot", captureBeyondViewport=True))["data"])


@contextmanager
def browser(program, folder):
    """Start a browser without a profile of anybody's; yields its address."""
    arguments = [program, *QUIET, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield _address(folder / "DevToolsActivePort")
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)


@asynccontextmanager
async def tab(address, url):
    """Open an address in a tab of its own; what a page keeps is kept by server and port, so tabs share nothing."""
    async with aiohttp.ClientSession(f"http://{address}") as session:
        async with session.put("/json/new?about:blank") as answer:
            found = await answer.json()
        async with session.ws_connect(found["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            page = Tab(socket)
            reading = asyncio.create_task(page.read())
            await page.call("Emulation.setFocusEmulationEnabled", enabled=True)  # as if it were the only one
            await page.open(url)
            yield page
            reading.cancel()
            await asyncio.wait([reading])
        async with session.get(f"/json/close/{found['id']}"):
            pass


def _address(file):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if file.exists() and (lines := file.read_text().splitlines()):
            return f"127.0.0.1:{lines[0]}"
        time.sleep(0.05)  # another process is at work; only real time moves it on
    raise AssertionError("the browser did not start")
