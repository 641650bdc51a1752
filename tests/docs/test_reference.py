"""The reference is complete: generated pages are what the code says now, the others name every key and status."""

import ast
import inspect
import re
from collections.abc import Callable
from types import ModuleType

import pytest
from support.pages import DOCS, REGENERATE, regenerate
from support.reference_page import command_line_page, python_page

import regolo_git
from regolo_git import errors
from regolo_git.cli import failure, main
from regolo_git.cli.commands import config as config_command
from regolo_git.records import config, model_card
from regolo_git.records.config import RegistryConfig
from regolo_git.records.gates import ENVIRONMENT_KEYS, METRIC_KEYS
from regolo_git.records.pins import REPLICAS_LIMIT

REFERENCE = DOCS / "reference"
TABLE_ROW = re.compile(r"^\| `([^`]+)` \|(.*)$", re.MULTILINE)


@pytest.mark.parametrize(("page", "generate"), [("cli.md", command_line_page), ("python.md", python_page)])
def test_a_generated_page_is_what_the_code_says(page: str, generate: Callable[[], str]) -> None:
    path, now = REFERENCE / page, generate()
    if regenerate:
        path.write_text(now)
    assert path.read_text() == now, f"{REGENERATE}=1 pytest tests/docs writes it anew"


def test_every_public_name_is_on_the_page() -> None:
    page = (REFERENCE / "python.md").read_text()
    headings = set(re.findall(r"^##+ (\w+)$", page, re.MULTILINE))
    named = headings | set(re.findall(r"^- `(\w+)` \(", page, re.MULTILINE)) | {"RegoloNotice"}
    assert set(regolo_git.__all__) <= named


# -- configuration ----------------------------------------------------------------------------------------


def keys_read(module: ModuleType, places: dict[tuple[str, str], str]) -> set[str]:
    """The keys that a module takes from a table; `places` says which table a reader in a function is of."""
    found = {"format"}
    for function in ast.walk(ast.parse(inspect.getsource(module))):
        for call in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr in ("take", "take_optional", "take_texts", "take_tables"):
                key = ast.literal_eval(call.args[0])
                found.add(f"{places[function.name, ast.unparse(call.func.value)]}{key}")
    return found


def section(page: str, heading: str) -> dict[str, str]:
    """The rows of the table below a heading."""
    text = re.split(r"^## ", page, flags=re.MULTILINE)
    (found,) = (part for part in text if part.startswith(heading))
    return dict(TABLE_ROW.findall(found))


def page() -> str:
    return (REFERENCE / "configuration.md").read_text()


def test_every_key_of_the_configuration_is_on_the_page_and_no_other() -> None:
    places = {
        ("parse", "reader"): "",
        ("parse", "registry"): "registry.",
        ("parse", "store"): "store.",
        ("_read_rule", "reader"): "environments.NAME.",
    }
    read = keys_read(config, places) - {"environments"}
    gates = {f"environments.NAME.gates.{key}" for key in ENVIRONMENT_KEYS}
    assert section(page(), "The registry").keys() == read | gates


def test_the_defaults_on_the_page_are_those_of_the_code() -> None:
    rows, default = section(page(), "The registry"), RegistryConfig()
    assert f"`{default.branch}`" in rows["registry.branch"]
    assert f'`"{default.digest}"`' in rows["store.digest"]
    assert str(REPLICAS_LIMIT) in rows["environments.NAME.replicas"]


def test_every_key_of_the_model_card_is_on_the_page_and_no_other() -> None:
    places = {("parse", "reader"): "", ("_read_rule", "reader"): "metrics.NAME."}
    gates = {f"gates.NAME.{key}" for key in METRIC_KEYS}
    assert section(page(), "The model card").keys() == keys_read(model_card, places) - {"metrics"} | gates


def test_every_setting_of_a_clone_is_on_the_page_and_no_other() -> None:
    assert section(page(), "This clone").keys() == set(config_command.LOCAL)


# -- exit statuses ----------------------------------------------------------------------------------------


def test_every_exit_status_is_on_the_page_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| (\S*) ?\|", (REFERENCE / "exit-status.md").read_text(), re.MULTILINE)
    branches = [errors.RegoloError, *errors.RegoloError.__subclasses__()]
    expected = {str(branch.exit_code): f"`{branch.__name__}`" for branch in branches if branch.exit_code > 1}
    said = {number: name for number, name in rows if name}
    assert said == expected
    others = {0, failure.UNEXPECTED, failure.INTERRUPTED, main.BROKEN_PIPE}
    assert {int(number) for number, name in rows if not name} == others
