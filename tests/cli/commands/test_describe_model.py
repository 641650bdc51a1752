"""`git regolo describe-model`: two keys of the card change, and what people wrote around them stays."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound

CARD = "models/m/model.toml"


def test_the_card_changes_in_two_keys_and_a_commit(regolo: Regolo, two_versions: Path) -> None:
    card = two_versions / CARD
    card.write_text(card.read_text() + '\n# ours\n[metrics.accuracy]\nunit = "%"  # per cent\n')
    git(two_versions, "commit", "-qam", "a unit")
    before = card.read_text()
    done = regolo("describe-model", "m", "--description", "reviews", "--owner", "Ada <ada@example.com>")
    assert done.out == "m\n"
    after = card.read_text()
    added = 'description = "reviews"\nowner = "Ada <ada@example.com>"\n'
    assert after.replace(added, "") == before
    assert after.index("owner") < after.index("# ours")
    message = git(two_versions, "log", "-1", "--format=%B")
    assert message.startswith("describe m: description and owner\n")
    assert "Regolo-Action: describe" in message
    shown = regolo("show", "m", "--json").document
    assert isinstance(shown, dict)
    assert (shown["model_description"], shown["owner"]) == ("reviews", "Ada <ada@example.com>")
    assert (
        "already has this description and owner"
        in regolo("describe-model", "m", "--owner", "Ada <ada@example.com>", status=4).err
    )
    regolo("describe-model", "m", "--description", "", "--owner", "")
    assert card.read_text() == before


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), 2),
        (("--owner", "a\nb"), 2),
        (("--description", "\x1b[31mred"), 2),
        (("--description", "x" * 4001), 2),
        (("--description", "a", "--propose", "--push"), 2),
    ],
    ids=["nothing", "two lines", "escape", "long", "both"],
)
def test_values_that_cannot_be_kept_are_refused(
    regolo: Regolo, two_versions: Path, words: tuple[str, ...], status: int
) -> None:
    before = git(two_versions, "rev-parse", "HEAD")
    regolo("describe-model", "m", *words, status=status)
    assert git(two_versions, "rev-parse", "HEAD") == before


def test_a_card_that_is_being_edited_or_cannot_be_read_stays(regolo: Regolo, two_versions: Path) -> None:
    card = two_versions / CARD
    card.write_text(card.read_text() + "# mine\n")
    assert "uncommitted changes" in regolo("describe-model", "m", "--owner", "Ada", status=4).err
    card.write_text("format = \n")
    git(two_versions, "commit", "-qam", "broken")
    assert f"'{CARD}'" in regolo("describe-model", "m", "--owner", "Ada", status=5).err
    regolo("describe-model", "nothing", "--owner", "Ada", status=3)


def test_a_card_that_is_not_there_is_created_and_proposed(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "rm", "-q", CARD)
    git(two_versions, "commit", "-qm", "no card")
    document = regolo("describe-model", "m", "--description", "two\nlines", "--propose", "--json").document
    assert isinstance(document, dict)
    assert document["branch"].startswith("propose/describe/m+")
    git(two_versions, "merge", "-q", document["branch"])
    assert "zero_patch = false" in (two_versions / CARD).read_text()
    with Registry.open(two_versions) as registry:
        assert registry.get_model("m").description == "two\nlines"


def test_python_describes_too(two_versions: Path) -> None:
    with Registry.open(two_versions) as registry:
        assert registry.describe_model("m", owner="Ada").card.owner == "Ada"
        for error, wrong in ((Conflict, {"owner": "Ada"}), (InvalidInput, {})):
            with pytest.raises(error):
                registry.describe_model("m", **wrong)
        with pytest.raises(NotFound):
            registry.describe_model("n", owner="Ada")
