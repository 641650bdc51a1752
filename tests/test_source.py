"""Rules about the source that prose cannot hold: the floors, and who may read what."""

import ast
import subprocess
import sys
from collections.abc import Container, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from statistics import median

from support.places import ROOT

PACKAGE = ROOT / "regolo_git"
MODULES = sorted(PACKAGE.rglob("*.py"))
# The command line, the API and the filesystem (which registry is meant), and what git itself reads.
READERS_OF_THE_ENVIRONMENT = (
    "regolo_git/cli/",
    "regolo_git/api/",
    "regolo_git/interop/sources.py",
    "regolo_git/git/environment.py",
)
EVALUATE = {"eval", "exec", "compile", "__import__"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


@cache
def trees() -> dict[Path, ast.Module]:
    """Every module, parsed once and by the process that runs these tests alone."""
    return {path: ast.parse(path.read_text()) for path in MODULES}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_a_module_imports_only_from_floors_below_its_own() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_module_opens_with_what_it_is() -> None:
    assert [name(path) for path, tree in trees().items() if not ast.get_docstring(tree)] == []


def test_inner_packages_hand_nothing_on() -> None:
    """All but the two that users import from, which hand names on lazily."""
    faces = {PACKAGE, PACKAGE / "api"}
    inner = [path for path in MODULES if path.name == "__init__.py" and path.parent not in faces]
    assert inner
    assert [name(path) for path in inner if len(trees()[path].body) != 1] == []


def test_nothing_is_unpickled_or_evaluated() -> None:
    found = [f"{name(path)}:{line}" for path, tree in trees().items() for line in unsafe_lines(tree)]
    assert found == []


def unsafe_lines(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.split(".")[0] for alias in node.names}
            module = getattr(node, "module", None) or ""
            if {"pickle", "marshal", "shelve"} & (names | {module.split(".")[0]}):
                yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in EVALUATE:
            yield node.lineno


def test_unsafe_lines_are_found() -> None:
    unsafe = "import pickle\nfrom marshal import loads\neval('1')\nimport shelve as s\nre.compile('x')\n"
    assert list(unsafe_lines(ast.parse(unsafe))) == [1, 2, 4, 3]


# -- cycles -----------------------------------------------------------------------------------------------


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def without_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those below `if TYPE_CHECKING:`, which no program runs; also inside functions."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def imported_by(path: Path, known: Container[str]) -> set[str]:
    """The modules of ours that a module imports, at its top or in a function."""
    found: set[str] = set()
    for node in without_type_checking(trees()[path]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in known else node.module for name in inner}
    return {name for name in found if name in known}


def test_no_imports_go_in_a_circle_not_even_lazy_ones() -> None:
    known = {dotted(path) for path in MODULES}
    graph = {dotted(path): imported_by(path, known) for path in MODULES}
    assert sum(map(len, graph.values())) > 3 * len(graph), "imports are not found as they were"
    TopologicalSorter(graph).prepare()  # raises CycleError, with the circle


# -- the environment --------------------------------------------------------------------------------------


def reads_of_the_environment(tree: ast.AST) -> list[int]:
    by_attribute = [n for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr in ENVIRONMENT]
    by_name = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and ENVIRONMENT & {alias.name for alias in node.names}
    ]
    return sorted(node.lineno for node in (*by_attribute, *by_name))


def test_the_environment_is_read_where_the_design_says() -> None:
    reads = {name(path): reads_of_the_environment(tree) for path, tree in trees().items()}
    readers = {path for path, lines in reads.items() if lines}
    assert {path for path in readers if not path.startswith(READERS_OF_THE_ENVIRONMENT)} == set()
    assert "regolo_git/git/environment.py" in readers


# -- sizes ------------------------------------------------------------------------------------------------


def lengths_of_functions() -> dict[str, int]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        f"{name(path)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    }


def test_functions_are_short() -> None:
    lengths = lengths_of_functions()
    assert median(lengths.values()) <= 8
    assert {place: length for place, length in lengths.items() if length > 60} == {}


def test_files_hold_one_thing() -> None:
    lines = {name(path): path.read_text().count("\n") for path in MODULES}
    assert {path: count for path, count in lines.items() if count > 350} == {}
