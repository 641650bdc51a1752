"""The parent of a version is the version that its content was made from."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.registry.versions import held
from regolo_git.registry.versions.status import work_status


@pytest.fixture
def weights_file(registry: Registry, once: Once) -> Path:
    """`m.bin` in the work tree, from which 1.0, 1.1, 1.2 and 2.0 of `m` were created."""
    path = registry.handle.paths.top / "m.bin"

    def build() -> None:
        for version in ("1.0", "1.1", "1.2", "2.0"):
            path.write_text(f"weights of {version}")
            if version == "1.0":
                registry.register_model("m", path)
            else:
                registry.create_model_version("m", version, model_data=path)

    once(build)
    return path


def edit(path: Path, text: str = "edited") -> Path:
    path.write_text(text)
    return path


def test_it_is_the_version_that_was_checked_out_before_the_edit(
    registry: Registry, weights_file: Path
) -> None:
    registry.checkout_model_version("m", "1.0")
    fixed = registry.create_model_version("m", "1.0.1", model_data=edit(weights_file))
    assert fixed.parents == ("1.0",)
    registry.checkout_model_version("m", "2.0")
    following = registry.create_model_version("m", model_data=edit(weights_file, "again"))
    assert (following.version, following.parents) == ("2.1", ("2.0",))


def test_a_hotfix_is_followed_by_what_is_made_from_it(registry: Registry, weights_file: Path) -> None:
    registry.checkout_model_version("m", "1.0")
    registry.create_model_version("m", "1.0.1", model_data=edit(weights_file))
    following = registry.create_model_version("m", model_data=edit(weights_file, "again"))
    assert (following.version, following.parents) == ("2.1", ("1.0.1",))


@pytest.mark.parametrize(
    ("version", "parents"),
    [
        ("1.0.1", ("1.0",)),
        ("1.3", ("1.2",)),
        ("2.1", ("2.0",)),
        ("3.0", ("2.0",)),
        ("2.0.0-rc.1", ("1.2",)),
        ("prod-1.1", ("1.1",)),
        ("0.9", ()),
    ],
)
def test_bytes_from_nowhere_follow_the_highest_version_below(
    registry: Registry, weights_file: Path, version: str, parents: tuple[str, ...]
) -> None:
    assert registry.create_model_version("m", version, model_data=b"trained").parents == parents


def test_after_a_hotfix_an_automatic_version_follows_the_highest(
    registry: Registry, weights_file: Path
) -> None:
    registry.create_model_version("m", "1.0.1", model_data=b"fixed")
    assert registry.create_model_version("m", model_data=b"trained").parents == ("2.0",)


def test_an_environments_versions_follow_one_another_and_the_plain_ones(registry: Registry) -> None:
    registry.register_model("m", b"one")
    registry.create_model_version("m", "prod-1.0", model_data=b"two")
    registry.create_model_version("m", "staging-1.0", model_data=b"three")
    assert registry.create_model_version("m", "prod-1.0.1", model_data=b"four").parents == ("prod-1.0",)
    assert registry.create_model_version("m", "1.1", model_data=b"five").parents == ("1.0",)


def test_a_destination_outside_the_work_tree_is_remembered_too(
    registry: Registry, weights_file: Path, tmp_path: Path
) -> None:
    elsewhere = registry.checkout_model_version("m", "1.1", tmp_path / "elsewhere.bin")
    assert registry.create_model_version("m", model_data=edit(elsewhere)).parents == ("1.1",)


def test_a_path_that_holds_another_model_says_nothing(registry: Registry, weights_file: Path) -> None:
    registry.register_model("base", b"pretrained")
    registry.checkout_model_version("base", "1.0", weights_file, force=True)
    assert registry.create_model_version("m", model_data=edit(weights_file)).parents == ("2.0",)


def test_status_learns_what_a_copied_file_holds(registry: Registry, weights_file: Path) -> None:
    edit(weights_file, "weights of 1.1")
    (artifact,) = work_status(registry.handle).artifacts
    assert artifact.holds == "1.1"
    assert registry.create_model_version("m", "1.1.1", model_data=edit(weights_file)).parents == ("1.1",)


def test_a_partial_checkout_is_not_what_a_directory_holds(registry: Registry) -> None:
    directory = registry.handle.paths.top / "model"
    directory.mkdir()
    for version, text in (("1.0", "one"), ("1.1", "two")):
        (directory / "a.txt").write_text(text)
        (directory / "b.txt").write_text(text)
        if version == "1.0":
            registry.register_model("m", directory)
        else:
            registry.create_model_version("m", model_data=directory)
    registry.checkout_model_version("m", "1.0", patterns=["a.txt"])
    assert registry.create_model_version("m", model_data=directory).parents == ("1.1",)


def test_each_work_tree_has_its_own_notes_and_a_moved_one_keeps_them(
    registry: Registry, weights_file: Path, tmp_path: Path
) -> None:
    top = registry.handle.paths.top
    git(top, "worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    with Registry.open(tmp_path / "second") as second:
        second.checkout_model_version("m", "1.1")
    git(top, "worktree", "move", str(tmp_path / "second"), str(tmp_path / "moved"))
    with Registry.open(tmp_path / "moved") as moved:
        version = moved.create_model_version("m", model_data=edit(tmp_path / "moved/m.bin"))
        assert version.parents == ("1.1",)
    assert registry.create_model_version("m", model_data=edit(weights_file, "mine")).parents == ("2.0",)


def test_a_parent_can_be_given(registry: Registry, weights_file: Path) -> None:
    given = registry.create_model_version("m", parent="1.1", model_data=edit(weights_file))
    assert given.parents == ("1.1",)
    registry.promote_model_version("m", "1.2", "production")
    assert registry.create_model_version("m", parent="production", model_data=b"x").parents == ("1.2",)
    for parent, error in (("9.9", NotFound), ("nothing at all", InvalidInput)):
        before = git(registry.handle.paths.top, "for-each-ref")
        with pytest.raises(error):
            registry.create_model_version("m", parent=parent, model_data=b"y")
        assert git(registry.handle.paths.top, "for-each-ref") == before


def test_a_version_made_from_a_version_follows_it(registry: Registry, weights_file: Path) -> None:
    source = registry.get_model_version("m", "1.1")
    assert registry.create_model_version("m", model_data=source).parents == ("1.1",)


def test_a_version_on_a_topic_branch_follows_the_one_before_it_there(
    registry: Registry, weights_file: Path
) -> None:
    git(registry.handle.paths.top, "switch", "-qc", "topic")
    first = registry.create_model_version("m", model_data=edit(weights_file))
    second = registry.create_model_version("m", model_data=edit(weights_file, "again"))
    third = registry.create_model_version("m", model_data=b"bytes")
    assert [v.parents for v in (first, second, third)] == [("2.0",), (first.version,), (second.version,)]


def test_an_abandoned_branch_leaves_no_parent_behind(registry: Registry, weights_file: Path) -> None:
    top = registry.handle.paths.top
    git(top, "switch", "-qc", "topic")
    registry.create_model_version("m", model_data=edit(weights_file))
    git(top, "switch", "-q", "main")
    git(top, "branch", "-qD", "topic")
    assert registry.create_model_version("m", model_data=edit(weights_file, "other")).parents == ("2.0",)


def test_a_proposal_is_not_a_parent_before_it_is_merged(registry: Registry, weights_file: Path) -> None:
    registry.create_model_version("m", model_data=edit(weights_file), flow="propose")
    second = registry.create_model_version("m", "3.0", model_data=edit(weights_file, "x"), flow="propose")
    assert second.parents == ("2.0",)


def test_the_number_of_notes_is_bounded(
    registry: Registry, weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "NOTES_KEPT", 4)
    for number in range(9):
        registry.checkout_model_version("m", "1.0", tmp_path / f"{number}.bin")
    assert len(list((registry.handle.paths.git_dir / "regolo/held").iterdir())) <= 4
    assert registry.create_model_version("m", model_data=edit(tmp_path / "8.bin")).parents == ("1.0",)
