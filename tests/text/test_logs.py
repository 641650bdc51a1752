"""The logger of the package: silent, one printable line for each record, and never imported for it."""

import logging
import sys

import pytest
from support.program import run_python

from regolo_git.text import logs


def test_a_record_is_one_printable_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger=logs.NAME)
    logs.info("created %s: %s", "m@1.0", "a\nb\x1b[31m")
    logs.debug("git %s", "log")
    found = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert found == [("INFO", "created m@1.0: a b\\x1b[31m"), ("DEBUG", "git log")]


def test_it_is_silent_until_a_program_listens(capfd: pytest.CaptureFixture[str]) -> None:
    code = "import logging\nfrom regolo_git.text import logs\nlogs.info('x')\nlogs.debug('y')"
    done = run_python(f"{code}\nprint(logging.getLogger('regolo_git').handlers)")
    assert (done.stdout, done.stderr) == ("[<NullHandler (NOTSET)>]\n", "")


def test_nothing_is_imported_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    logs.info("x")
    assert "logging" not in sys.modules
