"""A plain web server: nginx, which serves the files of a directory."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from support.ports import reserved_port
from support.servers.process import listens, running

CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {home}/access.log;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    server {{
        listen 127.0.0.1:{port};
        root {root};
        location /no-ranges/ {{ alias {root}/; max_ranges 0; }}
        location /private/ {{ deny all; }}
    }}
}}
"""


class WebServer(NamedTuple):
    """The URL of a server and the directory that it serves.

    Below `/no-ranges/` are the same files, without ranges; below `/private/` nothing is allowed.
    """

    url: str
    root: Path


@contextmanager
def running_nginx(home: Path) -> Iterator[WebServer]:
    """A server of an empty directory; skips the test where nginx is not installed."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("nginx is not installed")
    root = home / "root"
    root.mkdir()
    with reserved_port() as port:
        configuration = home / "nginx.conf"
        user = "user root;" if home.owner() == "root" else ""
        configuration.write_text(CONFIGURATION.format(home=home, root=root, port=port, user=user))
        command = [program, "-c", configuration, "-p", home, "-e", home / "error.log"]
        with running(command, home / "log", lambda: listens(port)):
            yield WebServer(f"http://127.0.0.1:{port}", root)


@pytest.fixture(scope="session")
def web_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    """nginx, and the directory that it serves."""
    with running_nginx(tmp_path_factory.mktemp("web")) as server:
        yield server
