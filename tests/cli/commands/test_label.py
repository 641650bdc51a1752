"""`git regolo label`: labels are put on later, and every view has them."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.records.labels import Labels

PATH = "models/m/labels.toml"


@pytest.fixture
def labelled(regolo: Regolo, two_versions: Path) -> Path:
    done = regolo("label", "m@1.1", "approved=yes", "lang=en", "-m", "the review")
    assert done.out == "m@1.1\n"
    assert "labelled m@1.1: approved=yes, lang=en" in done.err
    return two_versions


def test_it_is_a_commit_and_the_manifest_stays(regolo: Regolo, labelled: Path) -> None:
    first, second = Labels.parse((labelled / PATH).read_bytes()).entries
    assert (first.version, first.name, first.value) == ("1.1", "approved", "yes")
    assert (second.name, second.who) == ("lang", "Ada Byron <ada@example.com>")
    assert git(labelled, "diff", "--name-only", "HEAD~1").split() == [PATH]
    message = git(labelled, "log", "-1", "--format=%B")
    assert message.startswith("the review\n")
    assert "Regolo-Action: label" in message
    assert "no problems found" in regolo("fsck").err


def test_every_view_has_them(regolo: Regolo, labelled: Path) -> None:
    shown = regolo("show", "m@1.1")
    assert "approved  yes (" in shown.out
    assert "by Ada Byron)" in shown.out
    document = regolo("show", "m@1.1", "--json").document
    assert isinstance(document, dict)
    assert document["labels"] == {"approved": "yes", "lang": "en"}
    assert [each["by"] for each in document["labelled"]] == ["Ada Byron <ada@example.com>"] * 2
    for _ in range(2):  # from Git, then from the cache
        assert "approved=yes lang=en" in regolo("list", "m").out
        newest, older = regolo("list", "m", "--json").document
        assert (newest["labels"], older["labels"]) == ({"approved": "yes", "lang": "en"}, {})
    assert "labels  approved=yes lang=en" in regolo("log", "m").out
    assert regolo("log", "m", "--json").document[0]["labels"] == {"approved": "yes", "lang": "en"}
    assert "approved  yes (" in regolo("show", "HEAD:m").out
    assert "approved" not in regolo("show", "HEAD~1:m").out
    assert "m@1.1: approved=yes" in regolo("review", "HEAD~1..HEAD").out


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (("--label", "approved"), ["1.1"]),
        (("--label", "approved=yes", "--label", "lang=en"), ["1.1"]),
        (("--label", "approved=no"), []),
        (("--where", "approved == 'yes' and version > 1.0"), ["1.1"]),
        (("--where", "not has labels.approved"), ["1.0"]),
        (("--where", "accuracy > 0", "--label", "lang=en"), ["1.1"]),
    ],
    ids=" ".join,
)
def test_a_list_selects_by_labels(
    regolo: Regolo, labelled: Path, query: tuple[str, ...], found: list[str]
) -> None:
    assert [line.split("\t")[0] for line in regolo("list", "m", *query, "--plain").lines] == found


def test_a_label_gets_a_new_value_or_is_removed(regolo: Regolo, labelled: Path) -> None:
    document = regolo("label", "m@latest", "lang=fr", "--remove", "approved", "--json").document
    assert isinstance(document, dict)
    assert document["labels"] == {"lang": "fr"}
    assert "label m@1.1: lang=fr, approved removed" in git(labelled, "log", "-1", "--format=%s")
    assert "already has these labels" in regolo("label", "m@1.1", "lang=fr", status=4).err
    assert "has no label 'approved'" in regolo("label", "m@1.1", "--remove", "approved", status=3).err
    regolo("label", "m@1.1", "--remove", "lang")
    assert "labels" not in regolo("show", "m@1.1").out.lower()
    assert regolo("list", "m", "--json").document[0]["labels"] == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "no label is given"),
        (("approved",), "is not NAME=VALUE"),
        (("approved=",), "has no value"),
        (("a b=1",), "label name 'a b' cannot be used"),
        (("-=1",), "'-' cannot be used"),
        ((f"{'n' * 64}=1",), "cannot be used"),
        ((f"x={'v' * 201}",), "longer than 200"),
        (("x=a\nb",), "one line of printable text"),
        (("x=\x1b[31m",), "one line of printable text"),
        (("x=1", "x=2"), "given twice"),
        (("x=1", "--remove", "x"), "both given and removed"),
        (tuple(f"x{number}=1" for number in range(65)), "more than 64 labels"),
    ],
    ids=[
        "nothing",
        "word",
        "empty",
        "blank",
        "sign",
        "long-name",
        "long",
        "lines",
        "escape",
        "twice",
        "both",
        "many",
    ],
)
def test_values_that_cannot_be_kept_are_refused(
    regolo: Regolo, two_versions: Path, words: tuple[str, ...], message: str
) -> None:
    before = git(two_versions, "rev-parse", "HEAD")
    done = (
        regolo("label", "m@1.0", "--", *words, status=2)
        if words[:1] == ("-=1",)
        else regolo("label", "m@1.0", *words, status=2)
    )
    assert message in done.err
    assert git(two_versions, "rev-parse", "HEAD") == before


def test_a_proposed_label_counts_after_the_merge(regolo: Regolo, two_versions: Path) -> None:
    document = regolo("label", "m@1.1", "approved=yes", "--propose", "--json").document
    assert isinstance(document, dict)
    branch = document["branch"]
    assert branch.startswith("propose/label/m@1.1+")
    assert regolo("list", "m", "--json").document[0]["labels"] == {}
    step = regolo("list", "m").err.splitlines()[-1].split()[1:]
    assert step == ["git", "regolo", "review", f"main..{branch}"]
    assert "approved=yes" in regolo(*step[2:]).out
    assert "already exists" in regolo("label", "m@1.1", "approved=yes", "--propose", status=4).err
    git(two_versions, "merge", "-q", "--no-ff", "-m", "merge", branch)
    assert regolo("list", "m", "--json").document[0]["labels"] == {"approved": "yes"}


def test_labels_that_cannot_be_read_are_named_and_stop_nothing_else(regolo: Regolo, labelled: Path) -> None:
    file = labelled / PATH
    file.write_text(file.read_text().replace('value = "yes"', 'value = "a\\nb"'))
    git(labelled, "commit", "-qam", "edited")
    for words in (("list", "m"), ("list", "m"), ("show", "m@1.1"), ("show", "HEAD:m"), ("log", "m")):
        assert f"'{PATH}'" in regolo(*words).err
    assert f"'{PATH}'" in regolo("label", "m@1.1", "x=1", status=5).err
    assert f"'{PATH}'" in regolo("fsck", status=5).out


def test_labels_of_other_bytes_do_not_count(regolo: Regolo, labelled: Path) -> None:
    file = labelled / PATH
    digest = str(Labels.parse(file.read_bytes()).entries[0].digest)
    file.write_text(file.read_text().replace(digest, f"sha256:{'9' * 64}"))
    git(labelled, "commit", "-qam", "edited")
    assert regolo("list", "m", "--json").document[0]["labels"] == {}
    assert "not of its bytes, and is ignored" in regolo("fsck").err


def test_python_labels_too(two_versions: Path) -> None:
    with Registry.open(two_versions) as registry:
        version = registry.label_model_version("m", "1.0", {"approved": "no"})
        assert version.labels == {"approved": "no"}
        assert registry.list_model_versions("m")[0].labels == {"approved": "no"}
        assert registry.get_model_version("m", "1.0").labels == {"approved": "no"}
        assert registry.label_model_version("m", "1.0", remove=["approved"]).labels == {}
        with pytest.raises(NotFound):
            registry.label_model_version("m", "1.0", remove=["approved"])
        with pytest.raises(InvalidInput):
            registry.label_model_version("m", "1.0")
        with pytest.raises(TypeError):
            registry.label_model_version("m", "1.0", {"approved": True})  # type: ignore[dict-item]
        registry.label_model_version("m", "1.0", {"a": "1"}, flow="propose")
        with pytest.raises(Conflict):
            registry.label_model_version("m", "1.0", {"a": "1"}, flow="propose")
