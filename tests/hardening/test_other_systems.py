"""The core on a system without the calls that only Linux has."""

import ast
from pathlib import Path

from support.other_system import ONLY_LINUX, run_elsewhere
from support.places import ROOT

CORE = [
    path
    for path in sorted((ROOT / "regolo_git").rglob("*.py"))
    if path.relative_to(ROOT / "regolo_git").parts[0] not in ("serving", "system_calls.py")
]
STORY = """
from regolo_git.cli.main import run
import pathlib, shutil
def regolo(*line, status=0):
    got = run(list(line))
    assert got == status, (line, got)
big = bytes(range(256)) * (40 << 12)
pathlib.Path("big.bin").write_bytes(big)
pathlib.Path("folder/deep").mkdir(parents=True)
for name in "abc":
    pathlib.Path("folder/deep", name).write_text(name * 1000)
regolo("init")
regolo("register", "big", "big.bin")
regolo("register", "folder", "folder")
pathlib.Path("big.bin").write_bytes(big + b"more")
pathlib.Path("folder/deep/a").write_text("changed")
regolo("commit", "big", "big.bin")
regolo("commit", "folder", "folder")
regolo("checkout", "big@1.0", "--force")
assert pathlib.Path("big.bin").read_bytes() == big
shutil.rmtree("folder")
regolo("checkout", "folder")
assert pathlib.Path("folder/deep/a").read_text() == "changed"
regolo("revert", "big", "--to", "1.0")
regolo("promote", "folder@1.0", "staging")
regolo("diff", "big@1.0", "1.1")
for verb in ("list", "status", "doctor"):
    regolo(verb)
regolo("fsck", "--full")
regolo("retire", "folder@1.1", "-m", "old", "--yes")
"""


def test_every_verb_works_without_what_only_linux_has(git_repository: Path) -> None:
    done = run_elsewhere(git_repository, STORY)
    assert "error" not in done.stderr


def test_a_system_with_another_call_to_flush_disks_gets_that_call(git_repository: Path) -> None:
    code = """
import fcntl
asked = []
fcntl.F_FULLFSYNC = 51
real = fcntl.fcntl
def call(descriptor, command, *more):
    if command == 51:
        asked.append(descriptor)
        return 0
    return real(descriptor, command, *more)
fcntl.fcntl = call
from regolo_git.store.files.local import LocalFiles
files = LocalFiles(pathlib.Path("store").absolute())
files.create_root()
files.put("chunks/ab/abc", b"1")
files.settle()
assert len(asked) >= 2, asked
"""
    run_elsewhere(git_repository, code)


FORBIDDEN = {name for names in ONLY_LINUX.values() for name in names} | {"CDLL"}


def only_linux(tree: ast.AST) -> set[str]:
    """What a module names that only Linux has: calls by their names, and places in `/proc`."""
    nodes = list(ast.walk(tree))
    used = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    used |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return used & FORBIDDEN | {text for text in texts if text.startswith("/proc")}


def test_the_core_names_no_such_call() -> None:
    assert len(CORE) > 100
    found = {path.relative_to(ROOT).as_posix(): only_linux(ast.parse(path.read_text())) for path in CORE}
    found["regolo_git/git/index_database.py"].discard("/proc/sys/kernel/random/boot_id")  # it does without
    assert {path: names for path, names in found.items() if names} == {}
