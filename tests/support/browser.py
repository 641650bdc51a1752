"""A real browser without a screen: Chromium, driven by its DevTools protocol over a web socket."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

# Only a failure takes this long: a machine may be slow, and other tests may need its processors.
SECONDS = 120.0
DESK, PHONE = (1280, 900), (390, 844)


def chromium() -> str | None:
    """The program, where there is one."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for found in map(shutil.which, names) if found), None)


class Tab:
    """A page, what it asked for, and what the browser complained about."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._socket = socket
        self._session = session
        self._number = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reading = asyncio.create_task(self._read())

    async def command(self, method: str, **parameters: object) -> Any:
        self._number += 1
        answer = self._waiting[self._number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(
            {"id": self._number, "method": method, "params": parameters, "sessionId": self._session}
        )
        return await asyncio.wait_for(answer, SECONDS)

    async def open(self, url: str, *, size: tuple[int, int] = DESK, dark: bool = False) -> None:
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.command(f"{domain}.enable")
        await self.resize(size)
        await self.shade(dark=dark)
        await self.go(url)

    async def go(self, url: str) -> None:
        """Opens an address, and returns once the page and its scripts are there."""
        await self.command("Page.navigate", url=url)
        await self.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    async def resize(self, size: tuple[int, int]) -> None:
        width, height = size
        await self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if width < 500 else 1,
            mobile=width < 500,
        )

    async def shade(self, *, dark: bool) -> None:
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.command("Emulation.setEmulatedMedia", features=[feature])

    async def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript, which may be a promise."""
        said = await self.command(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def until(self, expression: str) -> None:
        """Waits until an expression is true."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if await self.value(f"!!({expression})"):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"never true: {expression}; {await self.value('document.body.innerText')}")

    async def press(self, key: str) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            await self.command(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9}[key]
            )

    async def picture(self, path: Path) -> None:
        """Saves the whole page as a picture."""
        said = await self.command("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(said["data"]))

    async def close(self) -> None:
        self._reading.cancel()

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if said.get("id") in self._waiting:
                self._waiting.pop(said["id"]).set_result(said.get("result", said.get("error")))
            elif said.get("sessionId") == self._session:
                self._note(said["method"], said["params"])

    def _note(self, method: str, said: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif method == "Log.entryAdded" and said["entry"]["level"] in ("error", "warning"):
            self.complaints.append(said["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(said["args"]))


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A fresh browser with one tab; nothing of it is left."""
    program = chromium()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="browser", ignore_cleanup_errors=True) as home:
        flags = (
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        )
        process = subprocess.Popen(
            [program, *flags, "--remote-debugging-port=0", f"--user-data-dir={home}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port, path = await _address(Path(home) / "DevToolsActivePort")
            async with (
                aiohttp.ClientSession() as http,
                http.ws_connect(f"ws://127.0.0.1:{port}{path}", max_msg_size=0) as socket,
            ):
                tab = Tab(socket, await _session(socket))
                try:
                    yield tab
                finally:
                    await tab.close()
        finally:
            process.terminate()
            process.wait(SECONDS)


async def _session(socket: aiohttp.ClientWebSocketResponse) -> str:
    await socket.send_json({"id": -1, "method": "Target.createTarget", "params": {"url": "about:blank"}})
    target = (await _answer(socket, -1))["targetId"]
    await socket.send_json(
        {"id": -2, "method": "Target.attachToTarget", "params": {"targetId": target, "flatten": True}}
    )
    return (await _answer(socket, -2))["sessionId"]


async def _answer(socket: aiohttp.ClientWebSocketResponse, number: int) -> Any:
    while True:
        said = await socket.receive_json(timeout=SECONDS)
        if said.get("id") == number:
            return said["result"]


async def _address(file: Path) -> tuple[str, str]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        lines = file.read_text().split("\n") if file.exists() else []
        if len(lines) >= 2 and lines[1]:
            return lines[0], lines[1]
        await asyncio.sleep(0.05)
    raise AssertionError("the browser did not start")
