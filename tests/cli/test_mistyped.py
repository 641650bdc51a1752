"""What is typed wrong, and the hint that is typed next: which works as it stands."""

import shlex
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.copies import Once
from support.git_program import git


@pytest.fixture
def served(two_versions: Path, regolo: Regolo, once: Once) -> Path:
    """Two versions, one of them in production, and an endpoint on each."""

    def build() -> None:
        regolo("promote", "m@1.0", "production")
        regolo("endpoint", "create", "reviews", "m@1.1")

    once(build)
    return two_versions


def hint_of(error: str) -> str:
    return error.rpartition("\nhint: ")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("typed", "status", "hint"),
    [
        ("lits", 2, "git regolo list"),
        ("rm m@1.0", 2, "git regolo retire -h"),
        ("deploy m@1.0", 2, "git regolo promote -h"),
        ("frobnicate", 2, "git regolo -h"),
        ("dethrone m production", 2, "git regolo -h"),
        ("endpoint delet reviews", 2, "git regolo endpoint delete"),
        ("list mm", 3, "git regolo list m"),
        ("log mm -n 3", 3, "git regolo log m -n 3"),
        ("checkout mm@1.0 there.bin", 3, "git regolo checkout m@1.0 there.bin"),
        ("commit mm model.safetensors -y", 3, "git regolo commit m model.safetensors -y"),
        ("show HEAD:mm", 3, "git regolo show HEAD:m"),
        ("show M", 2, "git regolo show m"),
        ("register Other/Model model.safetensors", 2, "git regolo register other/model model.safetensors"),
        ("show m@Production", 2, "git regolo show m@production"),
        ("show m@prod", 3, "git regolo show m@production"),
        ("show m@stag", 3, "git regolo promote m@1.1 staging"),
        ("promote m@1.1 Staging", 2, "git regolo promote m@1.1 staging"),
        ("show m@2.0", 3, "git regolo list m"),
        ("show m@staging", 3, "git regolo promote m@1.1 staging"),
        ("show m@lastest", 3, "git regolo show m@latest"),
        ("show m@producton", 3, "git regolo show m@production"),
        ("show m@elsewhere", 3, "git regolo list m"),
        ("log m --metric acuracy", 3, "git regolo log m --metric accuracy"),
        ("list m --metric acuracy", 3, "git regolo list m --metric accuracy"),
        ("list m@1.0..1.1 --metric acuracy", 3, "git regolo list m@1.0..1.1 --metric accuracy"),
        ("list --sort ms --metric acuracy", 3, "git regolo list --sort ms --metric accuracy"),
        ("blame m acuracy", 3, "git regolo blame m accuracy"),
        ("diff m@1.0", 3, "git regolo diff m@1.0 1.1"),
        ("diff m@1.0 n@1.0", 2, "git regolo list m"),
        ("list m@1.0", 2, "git regolo list m"),
        ("history m@1.0", 2, "git regolo history m"),
        ("fsck m@1.1", 2, "git regolo fsck m"),
        ("co", 2, "git regolo checkout"),
        ("st", 2, "git regolo status"),
        ("diff 1.0 1.1", 3, "git regolo diff m@1.0 1.1"),
        ("checkout 1.0", 3, "git regolo checkout m@1.0"),
        ("register model.safetensors other", 3, "git regolo register other model.safetensors"),
        ("show m 1.0", 2, "git regolo show m@1.0"),
        ("checkout m 1.0", 2, "git regolo checkout m@1.0"),
        ("retire m@1.0 -m old", 8, "git regolo demote m production"),
        ("retire m@1.1 -m old", 8, "git regolo list m"),
        ("traffic review", 3, "git regolo traffic reviews"),
        ("metrics other", 3, "git regolo endpoint list"),
        ("serve other", 3, "git regolo endpoint list"),
        ("traffic m 1.0=100", 3, "git regolo endpoint show reviews"),
        ("metrics m", 3, "git regolo log m"),
        ("revert m@1.0", 2, "git regolo revert m --to 1.0"),
        ("gc", 2, "git regolo evict -h"),
        ("config store.digset blake3", 2, "git regolo config store.digest blake3"),
        ("config --unset store.url", 3, "git regolo config"),
        ("init --store s3://models/team", 4, "git regolo config store.url s3://models/team"),
    ],
)
def test_a_hint_works_when_it_is_typed(
    served: Path, regolo: Regolo, typed: str, status: int, hint: str
) -> None:
    assert hint_of(regolo(*typed.split(), status=status).err) == hint
    _, program, *words = shlex.split(hint)
    assert program == "regolo"
    if words[-1] != "delete":
        regolo(*words)


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("retire m@1.1", "git regolo retire m@1.1 -m REASON"),
        ("revert m", "git regolo revert m --to V"),
        ("revert", "git regolo revert MODEL --to V"),
        ("revert --to 1.0", "git regolo revert --to 1.0 MODEL"),
        ("revert --to=1.0", "git regolo revert --to=1.0 MODEL"),
        ("retire", "git regolo retire MODEL@V -m REASON"),
        ("retire -mold", "git regolo retire -mold MODEL@V"),
        ("register other", "git regolo register other PATH"),
        ("register", "git regolo register MODEL PATH"),
        ("label m@1.1 approved", "git regolo label m@1.1 approved=VALUE"),
        ("completion", "git regolo completion -h"),
    ],
)
def test_a_hint_names_what_is_missing(served: Path, regolo: Regolo, typed: str, hint: str) -> None:
    assert hint_of(regolo(*typed.split(), status=2).err) == hint


@pytest.mark.parametrize(
    ("typed", "status", "hint"),
    [
        ("register m model.safetensors", 4, "git regolo commit m model.safetensors"),
        ("commit new model.safetensors", 3, "git regolo register new model.safetensors"),
        ("push mm", 3, "git regolo push m"),
    ],
)
def test_the_other_command_gets_what_was_typed(
    served: Path, regolo: Regolo, typed: str, status: int, hint: str
) -> None:
    assert hint_of(regolo(*typed.split(), status=status).err) == hint


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("rename m n", "git regolo register NEW PATH --base MODEL@V"),
        ("show m@1", "a version has two or three parts: m@1.0"),
        ("commit m model.safetensors --metric accuracy", "--metric accuracy=VALUE"),
        ("commit m model.safetensors --metric =1", "--metric NAME=1"),
        ("commit m model.safetensors --meta =", "--meta NAME=VALUE"),
        ("traffic reviews 1.1=90", "give every version a weight: 1.1=90 VERSION=10"),
        ("traffic reviews 1.1=90 1.0=90", "give every version a weight: 1.1=90 1.0=10"),
        ("traffic reviews 1.1=0.5", "give every version a weight: 1.1=0.5 VERSION=0.5"),
    ],
)
def test_a_value_is_shown_as_it_should_be(served: Path, regolo: Regolo, typed: str, hint: str) -> None:
    assert hint_of(regolo(*typed.split(), status=2).err) == hint


def test_the_nearest_option_is_named_and_no_error_takes_two_lines(regolo: Regolo) -> None:
    assert regolo("log", "--metrics", "x", status=2).err == (
        "error: no such option '--metrics', did you mean '--metric'?\nhint: git regolo log -h\n"
    )
    assert regolo("completion", status=2).err.startswith("error: missing argument 'SHELL'. Choose from: bash")


@pytest.mark.parametrize(
    "typed",
    ["list --order accuracy", "log m --oneline", "rollback reviews --back", "checkout m --to x", "list -o x"],
)
def test_no_option_is_named_that_means_something_else(regolo: Regolo, typed: str) -> None:
    verb, *_, option = [
        word for word in typed.split() if word.startswith("-") or word == typed.split(maxsplit=1)[0]
    ]
    assert regolo(*typed.split(), status=2).err == (
        f"error: no such option '{option}'\nhint: git regolo {verb} -h\n"
    )


def test_where_there_is_no_registry_that_is_what_is_wrong(regolo: Regolo, top: Path) -> None:
    for typed in ("show m", "log m", "fsck m", "history m", "promote m@1.0 staging", "checkout m"):
        assert regolo(*typed.split(), status=3).err.endswith("is not a registry yet\nhint: git regolo init\n")


def test_a_place_that_looks_like_a_version_can_be_meant(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("checkout", "m", "./1.0").out == "1.0\n"
    assert regolo("checkout", "m@1.0", "1.1").out == "1.1\n"
    assert (two_versions / "1.0").is_file()


def test_a_mistyped_setting_makes_no_commit(regolo: Regolo, registry: Path) -> None:
    before = git(registry, "rev-parse", "HEAD")
    regolo("config", "store.digset", "blake3", status=2)
    assert git(registry, "rev-parse", "HEAD") == before


def test_a_history_of_one_environment_speaks_of_that_one(regolo: Regolo, served: Path) -> None:
    assert "m was never promoted to staging\n  next    git regolo history m\n" in (
        regolo("history", "m", "staging").err
    )


def test_a_group_without_a_command_shows_its_help(regolo: Regolo) -> None:
    assert regolo("endpoint").out == regolo("endpoint", "-h").out
