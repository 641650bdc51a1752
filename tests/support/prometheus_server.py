"""A real Prometheus server that scrapes an engine, until the block ends."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from support.running_engine import PATIENCE_SECONDS, RunningEngine, until

PROGRAM = shutil.which("prometheus")
SCRAPE = """
scrape_configs:
  - job_name: regolo
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs:
      - targets: ["127.0.0.1:{port}"]
"""


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def prometheus(engine: RunningEngine, home: Path, port: int | None = None) -> Iterator[str]:
    """The server's URL; at any free port unless one is given."""
    port = port or free_port()
    home.mkdir(exist_ok=True)
    config = home / "prometheus.yml"
    config.write_text(SCRAPE.format(port=engine.port))
    assert PROGRAM is not None
    command = [
        PROGRAM,
        f"--config.file={config}",
        f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    url = f"http://127.0.0.1:{port}"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until(lambda: query(url, "up == 1"))
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def query(url: str, text: str) -> list[dict]:
    """The series of an instant query; nothing while the server does not answer."""
    try:
        with urlopen(f"{url}/api/v1/query?{urlencode({'query': text})}", timeout=5) as answer:
            return json.loads(answer.read())["data"]["result"]
    except (URLError, OSError):
        return []
