"""Every question goes through one function, and without a terminal it is a refusal that names the option."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model

import regolo_git

CLI = Path(regolo_git.__file__).parent / "cli"
ASKING = {"confirm", "prompt", "input", "getpass"}
CONSENT = {"confirm", "given"}  # `confirm` of options/change.py, and `Consent.given`, which calls it


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """The (object, function) of each call in a file; the object is empty for a plain name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield "", node.func.id


def modules_that_ask() -> set[str]:
    return {
        path.relative_to(CLI).as_posix()
        for path in CLI.rglob("*.py")
        if any(function in CONSENT and holder != "click" for holder, function in calls(path))
    }


def test_one_function_asks() -> None:
    asking = {
        path.relative_to(CLI).as_posix()
        for path in CLI.rglob("*.py")
        for holder, function in calls(path)
        if (holder == "click" and function in ASKING) or (holder == "" and function in ASKING - {"confirm"})
    }
    assert asking == {"options/change.py"}


# Each module that asks, with a command line that reaches its question.
QUESTIONS = {
    "creation.py": ["commit", "m", "model.safetensors"],
    "commands/endpoint/delete.py": ["endpoint", "delete", "e"],
    "commands/retire.py": ["retire", "m@1.1", "-m", "wrong data"],
    "commands/renumber.py": ["renumber", "m@1.1"],
}


# They ask about what the tests of the command set up: a shared store, or a manifest that was edited.
TRIED_THERE = {"commands/clone.py", "commands/evict.py", "commands/seal.py"}


def test_every_module_that_asks_is_tried_here() -> None:
    assert modules_that_ask() - {"options/change.py"} == set(QUESTIONS) | TRIED_THERE


@pytest.mark.parametrize("module", sorted(TRIED_THERE))
def test_the_question_about_a_store_is_tested_with_its_command(module: str) -> None:
    text = (Path(__file__).parent / "commands" / f"test_{Path(module).name}").read_text()
    assert "--yes" in text
    assert re.search(r"status=[48]\)", text), "a refusal without a terminal"


@pytest.mark.parametrize("command", QUESTIONS.values(), ids=QUESTIONS)
def test_without_a_terminal_the_option_that_says_yes_is_named(
    regolo: Regolo, two_versions: Path, command: list[str]
) -> None:
    regolo("endpoint", "create", "e", "m@1.0")
    before = git(two_versions, "for-each-ref")
    refused = regolo(*command, status=4)
    assert refused.out == ""
    assert refused.err.rstrip().endswith("--yes")
    assert refused.err.splitlines()[-1].startswith("hint: git regolo ")
    assert git(two_versions, "for-each-ref") == before
    regolo(*command, "--yes")


def test_a_retired_versions_content_is_asked_about_too(regolo: Regolo, two_versions: Path) -> None:
    regolo("retire", "m@1.1", "-m", "wrong data", "--yes")
    refused = regolo("commit", "m", "model.safetensors", status=4)
    assert refused.err.rstrip().endswith("--yes")
    write_model(two_versions / "model.safetensors", 9)
    regolo("commit", "m", "model.safetensors")
