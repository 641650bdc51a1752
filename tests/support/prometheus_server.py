"""A real Prometheus server that scrapes an engine, until the block ends."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from support.ports import reserved_port
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


@contextmanager
def prometheus(engine: RunningEngine, home: Path, port: int | None = None) -> Iterator[str]:
    """The server's URL; `port` is one that the caller has reserved."""
    reserved = reserved_port() if port is None else nullcontext(port)
    with reserved as at, _at(engine, home, at) as url:
        yield url


@contextmanager
def _at(engine: RunningEngine, home: Path, port: int) -> Iterator[str]:
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
