"""Rules about the source that prose cannot hold: the floors, and who may read what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

PACKAGE = ROOT / "regolo_git"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_a_module_imports_only_from_floors_below_its_own() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_every_module_opens_with_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{name(path)} has no docstring"


def inner_packages() -> list[Path]:
    """All but the two that users import from: they hand names on lazily."""
    faces = {PACKAGE, PACKAGE / "api"}
    return [path for path in MODULES if path.name == "__init__.py" and path.parent not in faces]


@pytest.mark.parametrize("path", inner_packages(), ids=name)
def test_inner_packages_hand_nothing_on(path: Path) -> None:
    body = ast.parse(path.read_text()).body
    assert len(body) == 1, f"{name(path)} holds more than its docstring"


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    forbidden = {"eval", "exec", "compile", "__import__"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.split(".")[0] for alias in node.names}
            module = getattr(node, "module", None) or ""
            assert not ({"pickle", "marshal", "shelve"} & (names | {module.split(".")[0]})), node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in forbidden, f"{name(path)}:{node.lineno}"
