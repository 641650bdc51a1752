"""What the tests of the command line share: what a command did, git, and a small model."""

import json
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def document(self) -> object:
        return json.loads(self.out)


# Runs the program as a process of its own.
Command = Callable[..., "subprocess.CompletedProcess[str]"]
Regolo = Callable[..., Outcome]


def git(top: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=top, check=True, capture_output=True, text=True).stdout


def write_model(path: Path, fill: float = 1.0, names: tuple[str, ...] = ("layer.weight",)) -> Path:
    """A small safetensors file in which every number is `fill`."""
    body = struct.pack("<64f", *([fill] * 64))
    header = json.dumps(
        {
            name: {"dtype": "F32", "shape": [8, 8], "data_offsets": [i * len(body), (i + 1) * len(body)]}
            for i, name in enumerate(names)
        }
    ).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header + body * len(names))
    return path
