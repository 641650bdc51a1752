"""What a command did, and how it is run."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from regolo_git.cli.main import run
from support.program import Done


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
Command = Callable[..., Done]
Regolo = Callable[..., Outcome]


def in_process(capsys: pytest.CaptureFixture[str]) -> Regolo:
    """Runs command lines in this process; each is expected to end with `status`, or with one of several."""

    def call(*arguments: str, status: int | tuple[int, ...] = 0) -> Outcome:
        capsys.readouterr()
        got = run(arguments)
        captured = capsys.readouterr()
        assert got in (status if isinstance(status, tuple) else (status,)), captured.out + captured.err
        return Outcome(got, captured.out, captured.err)

    return call
