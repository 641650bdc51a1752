"""moto's S3 server: objects of this machine, and a log with a line for each request."""
import importlib.util
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
               "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
REQUEST = re.compile(rb'"(?:\x1b\[[0-9;]*m)*(?:GET|HEAD|PUT|POST|DELETE) /')


def moto_command(peers):
    """How to start it: from its own environment, or from this one; None if neither has it."""
    program = Path(peers, "moto", "bin", "moto_server")
    if program.exists():
        return [str(program)]
    return [sys.executable, "-m", "moto.server"] if importlib.util.find_spec("moto") else None


class MotoServer:
    def __init__(self, peers):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        self._log = tempfile.NamedTemporaryFile(prefix="moto-", suffix=".log")
        self._process = subprocess.Popen(
            [*moto_command(peers), "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, **CREDENTIALS}, stdout=self._log, stderr=self._log)
        for _attempt in range(300):
            try:
                urllib.request.urlopen(self.endpoint).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"moto does not start: {Path(self._log.name).read_text()[-500:]}")

    def new_bucket(self, name):
        """An empty bucket; what others had is forgotten, so that memory does not fill up."""
        for method, path in (("POST", "moto-api/reset"), ("PUT", name)):
            request = urllib.request.Request(f"{self.endpoint}/{path}", method=method)
            urllib.request.urlopen(request).close()

    def requests(self):
        """How many requests have come so far."""
        return len(REQUEST.findall(Path(self._log.name).read_bytes()))

    def stop(self):
        self._process.terminate()
        self._process.wait()
        self._log.close()
