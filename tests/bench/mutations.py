"""How many small mistakes in the lower floors do the tests catch?

    pip install cosmic-ray && python tests/bench/mutations.py --count 200 --list tests/bench/mutations.txt

Draws places in git/, store/, artifacts/, registry/ and records/ with a seed, has cosmic-ray change each in one
way (`<` to `<=`, `and` to `or`, 5 to 6, a loop that never runs ...), and runs the tests that reach it.

1. The tree is copied; the user's checkout is only read.
2. The tests run once in the copy, under coverage with a context for each test: which reach which line.
3. For each mutation the tests that reach its statement run in a fresh process, those of the mirrored folder
   first, then the quickest, until one fails.  A mutation is *caught* when a test fails, when the module cannot
   be imported any more, or when the tests take far longer than they should; else it *survived*.  One that no
   test reaches survives as well.

The first N draws are the same for every count.  Places count once, however many ways there are to change
them, and one of the ways is drawn: cosmic-ray knows eleven other operators for each `+` and one other word for
each `and`.  Annotations, names of types, and `frozen` and `slots` of a class are not places: a change there says
nothing about tests.
"""

import argparse
import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("git", "store", "artifacts", "registry", "records")
# Those that run in this process; what is reached only by processes of their own has no context.
FOLDERS = (*PACKAGES, "layouts", "api", "maintenance", "review", "cli")
COPIED = ("regolo_git", "tests", "pyproject.toml", "README.md", "LICENSE")
SEED = 9
LEFT_OUT = ("core/NoOp", "core/VariableReplacer", "core/VariableInserter")  # the last two need names to work on
# `is` in place of `==` is the same for whatever the interpreter holds once, as short texts and small numbers.
SAME = ("_Eq_Is", "_NotEq_IsNot")
MOST_SECONDS = 60.0  # of tests for one mutation, by how long they take alone
DURATIONS = "REGOLO_TEST_DURATIONS"


@dataclass(frozen=True, order=True)
class Place:
    """Something that can be changed; `module` is a path below the root, lines count from 1."""

    module: str
    start: tuple[int, int]
    stop: tuple[int, int]
    kind: str


@dataclass(frozen=True)
class Mutation:
    """One change, as cosmic-ray names it."""

    place: Place
    operator: str
    occurrence: int


# -- drawing ------------------------------------------------------------------------------------------------


def places() -> dict[Place, list[Mutation]]:
    """Every place of the packages with its mutations."""
    from cosmic_ray.ast import get_ast
    from cosmic_ray.plugins import operator_names

    found: dict[Place, list[Mutation]] = defaultdict(list)
    names = sorted(name for name in operator_names() if name not in LEFT_OUT and not name.endswith(SAME))
    for package in PACKAGES:
        for path in sorted((ROOT / "regolo_git" / package).rglob("*.py")):
            module = path.relative_to(ROOT).as_posix()
            excluded = typing_only(path.read_text())
            nodes, known = list(walk(get_ast(path.read_text()))), {}
            for name in names:
                # Whatever a binary operator is replaced by, it is the same places.
                group = name.rpartition("_")[0] if "BinaryOperator" in name else name
                if group not in known:
                    known[group] = positions(nodes, name)
                for occurrence, (start, stop) in enumerate(known[group]):
                    if not any(low <= start < high for low, high in excluded):
                        place = Place(module, start, stop, name.removeprefix("core/").split("_")[0])
                        found[place].append(Mutation(place, name, occurrence))
    return found


def walk(node):
    """In the order in which cosmic-ray counts."""
    yield node
    for child in getattr(node, "children", ()):
        yield from walk(child)


def positions(nodes, name: str):
    from cosmic_ray.plugins import get_operator

    operator = get_operator(name)()
    return [position for node in nodes for position in operator.mutation_positions(node)]


def typing_only(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The ranges of annotations, of names for types, and of what a class is to be guarded and laid out like."""
    nodes = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            nodes += [keyword.value for call in node.decorator_list for keyword in getattr(call, "keywords", ())]
        if isinstance(node, ast.arg | ast.AnnAssign):
            nodes.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes.append(node.returns)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if node.col_offset == 0 and not node.targets[0].id.isupper():
                nodes.append(node.value)
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in nodes if n is not None]


def draw(count: int, seed: int, within: Collection[str]) -> list[Mutation]:
    """The first `count` places of some packages in the order of the seed, each with one of its mutations."""
    found, chance = places(), random.Random(seed)
    order = sorted(found)
    chance.shuffle(order)
    order = [place for place in order if Path(place.module).parts[1] in within]
    drawn = (random.Random(f"{seed} {place}").choice(found[place]) for place in order)
    return list(islice(filter(is_mistake, drawn), count))


def is_mistake(mutation: Mutation) -> bool:
    """Whether the change can be made and is one: cosmic-ray fails on `except (OSError, a.Error)`."""
    source = (ROOT / mutation.place.module).read_text()
    try:
        changed = ast.parse(mutated(mutation, source))
    except (AttributeError, SyntaxError):
        return False
    return ast.dump(changed) != ast.dump(ast.parse(source))


def mutated(mutation: Mutation, source: str) -> str:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    return mutate_code(source, get_operator(mutation.operator)(), mutation.occurrence)


def shown(mutation: Mutation) -> str:
    """The first line that changes, before and after."""
    before = (ROOT / mutation.place.module).read_text()
    pairs = zip(before.split("\n"), mutated(mutation, before).split("\n"))
    old, new = next(((a.strip(), b.strip()) for a, b in pairs if a != b), ("", ""))
    return f"{old[:90]}  ->  {new[:90]}"


# -- which tests reach what ---------------------------------------------------------------------------------


def copy_tree(destination: Path) -> Path:
    """What the tests need of the checkout, with modules compiled so that a changed one is never mistaken."""
    unwanted = shutil.ignore_patterns("__pycache__", ".*", "mutations.txt")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, destination / name, ignore=unwanted)
        else:
            destination.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, destination / name)
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", "."]
    subprocess.run(command, cwd=destination, check=True, stdout=subprocess.DEVNULL)
    return destination


def environment(copy: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join(str(copy / name) for name in (".", "tests", "tests/bench"))
    return {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **more}


class Reached:
    """Which tests run which lines, and how long each takes."""

    def __init__(self, lines: dict[str, dict[int, list[str]]], durations: dict[str, float]) -> None:
        self._lines = lines
        self._durations = durations

    @classmethod
    def measure(cls, copy: Path, processes: int, folders: Collection[str]) -> "Reached":
        """Runs the tests of some folders of the copy once."""
        timing, data, config = copy / "durations.json", copy / ".coverage", copy / "coverage.ini"
        config.write_text("[run]\nbranch = false\n")  # not the project's own: no figures of other processes
        packages = [f"--cov=regolo_git.{package}" for package in PACKAGES]
        paths = [f"tests/{name}" for name in folders if (copy / "tests" / name).is_dir()]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "mutations", "-p", "no:cacheprovider"]
        command += ["-n", str(processes), "--cov-context=test", "--cov-report=", *packages]
        command += [f"--cov-config={config}", *paths]
        more = {DURATIONS: str(timing), "COVERAGE_FILE": str(data)}
        done = subprocess.run(command, cwd=copy, env=environment(copy, **more), capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stdout[-9000:] + done.stderr[-3000:])
        if done.returncode:
            print("fail without a mutation, and are left out:\n" + done.stdout[-2000:], file=sys.stderr)
        return cls(lines_of(data, copy), json.loads(timing.read_text()))

    def tests_of(self, mutation: Mutation) -> list[str]:
        """The tests to run, those that should know best first."""
        lines = self._lines.get(mutation.place.module, {})
        first, last = statement(mutation.place)
        tests = {test for line in range(first, last + 1) for test in lines.get(line, ())}
        if not tests:  # run when the module is imported, as a constant is: all that use the module
            tests = {test for names in lines.values() for test in names} if is_top(mutation.place) else set()
        chosen, seconds = [], 0.0
        for test in sorted(tests, key=lambda test: self._rank(test, mutation.place.module)):
            if test in self._durations and seconds < MOST_SECONDS:
                chosen.append(test)
                seconds += self._durations[test]
        return chosen

    def seconds_of(self, tests: list[str]) -> float:
        return sum(self._durations[test] for test in tests)

    def _rank(self, test: str, module: str) -> tuple[bool, bool, float, str]:
        inner = Path(module).relative_to("regolo_git")
        own = f"tests/{inner.with_name(f'test_{inner.name}')}"
        folder = f"tests/{inner.parts[0]}/"
        return not test.startswith(own), not test.startswith(folder), self._durations.get(test, 0.0), test


def lines_of(data: Path, copy: Path) -> dict[str, dict[int, list[str]]]:
    from coverage import CoverageData

    found: dict[str, dict[int, list[str]]] = {}
    held = CoverageData(str(data))
    held.read()
    for file in held.measured_files():
        contexts = held.contexts_by_lineno(file)
        found[Path(file).relative_to(copy).as_posix()] = {
            line: sorted({name.rpartition("|")[0] for name in names if "|" in name})
            for line, names in contexts.items()
        }
    return found


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


def enclosing(place: Place) -> list[ast.stmt]:
    """The statements around a place, the outermost first."""
    inside = [
        node
        for node in ast.walk(tree_of(place.module))
        if isinstance(node, ast.stmt) and first_line(node) <= place.start[0] <= (node.end_lineno or 0)
    ]
    return sorted(inside, key=lambda node: (first_line(node), -(node.end_lineno or 0)))


def first_line(node: ast.stmt) -> int:
    """With the decorators."""
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


def statement(place: Place) -> tuple[int, int]:
    """First and last line of the innermost statement; of a compound one, of its head."""
    node = enclosing(place)[-1]
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
    return first_line(node), max(node.lineno, last or node.lineno)


def is_top(place: Place) -> bool:
    """Whether a place runs when its module is imported."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    around = [node for node in enclosing(place) if isinstance(node, functions)]
    return not around or place.start[0] < around[-1].body[0].lineno


# -- as a plugin of pytest: how long each test takes --------------------------------------------------------

_durations: Counter[str] = Counter()
_failed: set[str] = set()


def pytest_runtest_logreport(report) -> None:
    _durations[report.nodeid] += report.duration
    if report.outcome != "passed":
        _failed.add(report.nodeid)


def pytest_sessionfinish(session) -> None:
    if DURATIONS in os.environ and not hasattr(session.config, "workerinput"):
        kept = {test: seconds for test, seconds in _durations.items() if test not in _failed}
        Path(os.environ[DURATIONS]).write_text(json.dumps(kept))


# -- judging ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation: `by` is the test that failed, where it is known."""

    caught: bool
    how: str
    by: str = ""
    seconds: float = 0.0


def judge(mutation: Mutation, copy: Path, reached: Reached) -> Verdict:
    """Runs the tests of one mutation in a copy, which is as it was afterwards."""
    tests = reached.tests_of(mutation)
    if not tests:
        return Verdict(False, "not reached")
    module = copy / mutation.place.module
    source = module.read_text()
    module.write_text(mutated(mutation, source))
    try:
        return run_tests(tests, copy, 30 + 5 * reached.seconds_of(tests))
    finally:
        module.write_text(source)


def run_tests(tests: list[str], copy: Path, limit: float) -> Verdict:
    listed = copy / "tests.txt"
    listed.write_text("\n".join(tests))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=no"]
    command += ["-p", "no:randomly", "-W", "ignore", f"@{listed}"]
    begun = time.monotonic()
    with TemporaryDirectory() as scratch:
        more = {"TMPDIR": scratch, "HOME": scratch}
        process = subprocess.Popen(
            command, cwd=copy, env=environment(copy, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Verdict(True, "too long", seconds=limit)
    seconds = time.monotonic() - begun
    failed = [line.split(" - ")[0] for line in said.splitlines() if line.startswith(("FAILED", "ERROR"))]
    how = {0: "survived", 1: "caught", 2: "caught", 3: "caught", 4: "caught"}.get(process.returncode, "caught")
    return Verdict(process.returncode != 0, how, failed[0] if failed else "", seconds)


def line_of(number: int, mutation: Mutation, verdict: Verdict) -> str:
    place = mutation.place
    name = mutation.operator.removeprefix("core/")
    return f"{number:3} {verdict.how:11} {place.module}:{place.start[0]} {name}  {shown(mutation)}"


def run(mutations: list[Mutation], jobs: int, work: Path, folders: Collection[str]) -> list[Verdict]:
    first = copy_tree(work / "0")
    begun = time.monotonic()
    reached = Reached.measure(first, jobs, folders)
    print(f"which tests reach what: {time.monotonic() - begun:.0f} s", flush=True)
    copies: SimpleQueue[Path] = SimpleQueue()
    for number in range(jobs):
        copies.put(first if number == 0 else copy_tree(work / str(number)))

    def one(item: tuple[int, Mutation]) -> Verdict:
        copy = copies.get()
        try:
            verdict = judge(item[1], copy, reached)
        finally:
            copies.put(copy)
        print(f"{line_of(*item, verdict)}  [{verdict.seconds:.1f} s] {verdict.by}", flush=True)
        return verdict

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, enumerate(mutations, 1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--jobs", type=int, default=1, help="how many run at once, each in a copy of its own")
    parser.add_argument("--only", type=lambda text: [int(n) for n in text.split(",")], help="numbers of draws")
    parser.add_argument("--list", type=Path, help="where to keep what was drawn, with each verdict")
    parser.add_argument("--at-least", type=float, default=0.0, help="fail where a smaller share is caught")
    parser.add_argument(
        "--within", type=lambda text: text.split(","), help="change these packages only, and run only their tests"
    )
    given = parser.parse_args()
    mutations = draw(given.count, given.seed, given.within or PACKAGES)
    if given.only:
        mutations = [mutations[number - 1] for number in given.only]
    with TemporaryDirectory(prefix="mutations-") as work:
        verdicts = run(mutations, given.jobs, Path(work), given.within or FOLDERS)
    caught = sum(verdict.caught for verdict in verdicts)
    total = f"{caught} of {len(verdicts)} caught ({caught / len(verdicts):.1%}), seed {given.seed}"
    if given.list:
        lines = [line_of(n, m, v) for n, (m, v) in enumerate(zip(mutations, verdicts, strict=True), 1)]
        given.list.write_text("\n".join([f"# cosmic-ray, {total}", *lines, ""]))
    print(total)
    sys.exit(caught < given.at_least * len(verdicts))


if __name__ == "__main__":
    main()
