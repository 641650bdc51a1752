"""The index of version tags says what the tags say, however they change and whatever becomes of its file."""

import random
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import DIGEST, opened, publish_version

from regolo_git.errors import MissingObject
from regolo_git.git import tag_index
from regolo_git.git.discover import find_repository
from regolo_git.git.index_database import IndexDatabase
from regolo_git.git.tag_findings import bad_tags
from regolo_git.git.tag_index import ModelRow, TagIndex, TagRow
from regolo_git.git.tag_objects import TagObject
from regolo_git.records.versions import Version

INDEX = ".git/regolo/index.sqlite"


class CountingReader:
    """Opens tag objects of a repository and remembers which."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.opened: list[str] = []

    def read_tag_object(self, oid: str) -> TagObject | None:
        self.opened.append(oid)
        return opened(self.top).read_tag_object(oid)


@pytest.fixture
def reader(git_repository: Path) -> CountingReader:
    return CountingReader(git_repository)


@pytest.fixture
def index(reader: CountingReader) -> Iterator[TagIndex]:
    found = index_of(reader)
    yield found
    found.close()


def index_of(reader: CountingReader) -> TagIndex:
    return TagIndex(find_repository(reader.top, {}), lambda: reader)


def publish_all(top: Path, *versions: str, model: str = "m") -> None:
    for version in versions:
        publish_version(top, model, version)


def names(rows: list[TagRow]) -> list[str]:
    return [f"{row.model}@{row.version}" for row in rows]


# -- what it says -----------------------------------------------------------------------------------------


def test_a_row_is_what_the_tag_says(
    git_repository: Path, index: TagIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1700000000 +0530")
    done = publish_version(git_repository, "team/m", "1.0")
    assert index.rows("team/m") == [
        TagRow(
            tag="team/m@v1.0",
            model="team/m",
            version="1.0",
            identity="1.0.0",
            tag_oid=str(done.tag_oid),
            commit_oid=done.commit,
            manifest_oid=git(git_repository, "rev-parse", "main:models/team/m/manifest.toml").strip(),
            digest=DIGEST,
            size=3,
            created_at=datetime.fromtimestamp(1_700_000_000, UTC),
            created_by="Ada Byron <ada@example.com>",
            subject="team/m 1.0",
        )
    ]


def test_versions_come_lowest_first(git_repository: Path, index: TagIndex) -> None:
    publish_all(git_repository, "1.10", "1.2", "1.2.1", "1.2-rc.1", "prod-1.2", "2.0-rc.10", "2.0-rc.9")
    publish_all(git_repository, "0.1", model="other")
    found = [row.version for row in index.rows("m")]
    assert found == ["1.2-rc.1", "1.2", "prod-1.2", "1.2.1", "1.10", "2.0-rc.9", "2.0-rc.10"]
    assert names(index.all_rows()) == [*(f"m@{version}" for version in found), "other@0.1"]
    assert index.rows("none") == []


@pytest.mark.parametrize("seed", range(5))
def test_the_highest_are_those_of_the_whole_list(git_repository: Path, index: TagIndex, seed: int) -> None:
    chance = random.Random(seed)
    ends = ["", "", "-rc.1", "-rc.2"]
    made = {
        f"{chance.choice(['', '', 'prod-'])}{chance.randrange(3)}.{chance.randrange(3)}{chance.choice(ends)}"
        for _ in range(12)
    }
    publish_all(git_repository, *made)
    # The tag object of another version, under the name of one that would be the highest.
    git(git_repository, "update-ref", "refs/tags/m@v99.0", f"refs/tags/{index.rows('m')[0].tag}")
    rows = index.rows("m")
    assert {row.version for row in rows} == made
    for count in (1, 2, 5, 50):
        assert index.newest("m", count) == rows[-count:]
    numbered = [row for row in rows if row.identity[0].isdigit()]
    releases = [row for row in numbered if "-" not in row.identity]
    assert index.highest("m") == (releases[-1:] + numbered[-1:] or rows[-1:])
    for count in (0, 1, len(rows) - 1, len(rows)):
        left_out = {row.tag_oid for row in chance.sample(rows, k=count)}
        kept = [row for row in rows if row.tag_oid not in left_out]
        wanted = [row for row in releases if row in kept] or kept
        assert index.highest_beside("m", sorted(left_out)) == (wanted[-1] if wanted else None)
    for text in (*made, "1.1", "prod-1.1", "staging-1.1", "0.0"):
        version = Version.parse(text)
        line = [
            row
            for row in rows
            if Version.parse(row.version) < version
            and Version.parse(row.version).environment in (None, version.environment)
        ]
        assert index.highest_below("m", version) == (line[-1] if line else None)


def test_a_version_is_found_by_its_identity(git_repository: Path, index: TagIndex) -> None:
    publish_all(git_repository, "1.0", "1.0.1")
    found = index.find("m", "1.0.0")
    assert found is not None
    assert found.version == "1.0"
    assert index.find("m", "1.0") is None
    assert index.find("n", "1.0.0") is None
    both = index.find_all([("m", "1.0.0"), ("n", "1.0.0"), ("m", "1.0"), ("m", "1.0.0")])
    assert both == {("m", "1.0.0"): found}


@pytest.mark.parametrize(
    ("made", "highest"),
    [
        (["1.0", "1.1"], ["1.1", "1.1"]),
        (["1.0", "1.1-rc.1", "prod-2.0"], ["1.0", "1.1-rc.1"]),
        (["1.1-rc.1", "1.0-rc.1"], ["1.1-rc.1"]),
        (["prod-1.0", "prod-1.1"], ["prod-1.1"]),
        ([], []),
    ],
)
def test_the_highest_are_the_release_and_the_version(
    git_repository: Path, index: TagIndex, made: list[str], highest: list[str]
) -> None:
    publish_all(git_repository, *made)
    publish_all(git_repository, "9.0", model="other")
    assert [row.version for row in index.highest("m")] == highest


def test_the_one_made_last_is_by_time_then_by_version(
    git_repository: Path, index: TagIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version, seconds in {"2.0": 1, "1.0": 5, "1.1": 5, "1.0.1": 5, "prod-3.0": 9}.items():
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{1_700_000_000 + seconds} +0000")
        publish_all(git_repository, version)
    found = index.last_created("m")
    assert found is not None
    assert found.version == "1.1"
    assert index.last_created("none") is None


def test_the_versions_of_a_commit_are_those_tagged_there(git_repository: Path, index: TagIndex) -> None:
    publish_all(git_repository, "1.0", "1.1")
    done = publish_version(git_repository, "a", "1.0")
    assert names(index.at_commit(done.commit)) == ["a@1.0"]
    assert index.at_commit("f" * 40) == []


def test_models_are_summarized_by_name(
    git_repository: Path, index: TagIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, (model, version) in enumerate(
        (("m", "1.1"), ("m", "1.0"), ("m", "2.0-rc.1"), ("a", "prod-1.0"))
    ):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{1_700_000_000 + number} +0000")
        publish_version(git_repository, model, version)
    when = [datetime.fromtimestamp(1_700_000_000 + number, UTC) for number in range(4)]
    assert index.models() == [ModelRow("a", 1, "prod-1.0", when[3]), ModelRow("m", 3, "1.1", when[2])]
    assert index.model_names() == ["a", "m"]


# -- what is wrong with a tag ------------------------------------------------------------------------------


def test_tags_that_only_look_like_versions_are_problems_and_break_nothing(
    git_repository: Path, index: TagIndex
) -> None:
    publish_all(git_repository, "1.0")
    git(git_repository, "tag", "m@v1.1")
    git(git_repository, "tag", "-a", "m@v1.2", "-m", "by hand")
    git(git_repository, "tag", "v1.3")
    git(git_repository, "tag", "m@1.4")
    git(git_repository, "update-ref", "refs/tags/m@v1.5", git(git_repository, "rev-parse", "m@v1.0").strip())
    assert names(index.rows("m")) == ["m@1.0"]
    bad = bad_tags(index)
    assert [found.tag for found in bad] == ["m@v1.1", "m@v1.2", "m@v1.5"]
    assert all(found.what for found in bad)
    assert "m@1.0" in bad[2].what


# -- keeping it up to date ---------------------------------------------------------------------------------


def test_unchanged_tags_are_opened_once_by_anybody(
    git_repository: Path, reader: CountingReader, index: TagIndex
) -> None:
    publish_all(git_repository, "1.0", "1.1")
    index.rows("m")
    index.models()
    other = index_of(reader)
    other.rows("m")
    other.close()
    assert len(reader.opened) == 2


def test_only_new_objects_are_opened(git_repository: Path, reader: CountingReader, index: TagIndex) -> None:
    publish_all(git_repository, "1.0", "1.1")
    index.rows("m")
    reader.opened.clear()
    git(git_repository, "pack-refs", "--all")
    done = publish_version(git_repository, "m", "1.2")
    assert names(index.rows("m")) == ["m@1.0", "m@1.1", "m@1.2"]
    assert reader.opened == [done.tag_oid]


def test_an_object_that_came_back_is_known_still(
    git_repository: Path, reader: CountingReader, index: TagIndex
) -> None:
    done = publish_version(git_repository, "m", "1.0")
    index.rows("m")
    git(git_repository, "tag", "-d", "m@v1.0")
    assert (index.rows("m"), index.models()) == ([], [])
    publish_version(git_repository, "other", "1.0")
    index.rows("m")
    reader.opened.clear()
    git(git_repository, "update-ref", "refs/tags/m@v1.0", str(done.tag_oid))
    assert names(index.rows("m")) == ["m@1.0"]
    assert index.model_names() == ["m", "other"]
    assert reader.opened == []


def test_any_series_of_changes_ends_as_an_index_made_anew(
    git_repository: Path, reader: CountingReader, index: TagIndex
) -> None:
    chance, held = random.Random(1), dict[str, str]()
    publish_all(git_repository, "0.1")
    for number in range(40):
        match chance.choice(("publish", "delete", "forge", "restore", "pack")):
            case "publish":
                publish_version(git_repository, chance.choice("mn"), f"1.{number}")
            case "delete" if tags := git(git_repository, "tag", "--list").split():
                name = chance.choice(tags)
                held[name] = git(git_repository, "rev-parse", name).strip()
                git(git_repository, "tag", "-d", name)
            case "forge":
                git(git_repository, "tag", "-f", f"m@v2.{number}", "main")
            case "restore" if held:
                name, oid = held.popitem()
                git(git_repository, "update-ref", f"refs/tags/{name}", oid)
            case _:
                git(git_repository, "pack-refs", "--all")
        if number % 4 == 0:
            assert everything(index) == everything_anew(reader)
            told = git(
                git_repository, "for-each-ref", "--format=%(objecttype) %(refname:strip=2)", "refs/tags"
            )
            assert sorted(row.tag for row in index.all_rows()) == sorted(
                line.split()[1] for line in told.splitlines() if line.startswith("tag ")
            )


def everything(index: TagIndex) -> object:
    rows = {model: index.rows(model) for model in index.model_names()}
    return index.all_rows(), index.models(), bad_tags(index), rows


def everything_anew(reader: CountingReader) -> object:
    file, aside = reader.top / INDEX, reader.top / ".git/aside"
    file.rename(aside)
    anew = index_of(reader)
    try:
        return everything(anew)
    finally:
        anew.close()
        aside.replace(file)


# -- whatever becomes of its file --------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["no database", "cut short", "empty", "another schema", "a table less"])
def test_a_damaged_index_is_made_anew(git_repository: Path, reader: CountingReader, damage: str) -> None:
    publish_all(git_repository, "1.0", "1.1")
    before = index_of(reader)
    before.rows("m")
    before.close()
    file = git_repository / INDEX
    if damage in ("another schema", "a table less"):
        connection = sqlite3.connect(file)
        connection.execute(
            "drop table refs"
            if damage == "a table less"
            else "update state set value = '0' where key = 'schema'"
        )
        connection.commit()
        connection.close()
    else:
        whole = file.read_bytes()
        file.write_bytes({"no database": b"x" * 4096, "cut short": whole[:5000], "empty": b""}[damage])
    after = index_of(reader)
    assert names(after.rows("m")) == ["m@1.0", "m@1.1"]
    after.close()
    reader.opened.clear()
    again = index_of(reader)
    assert names(again.rows("m")) == ["m@1.0", "m@1.1"]
    again.close()
    assert reader.opened == []


def test_where_no_file_can_be_the_index_is_in_memory(
    git_repository: Path, reader: CountingReader, index: TagIndex
) -> None:
    publish_all(git_repository, "1.0")
    (git_repository / INDEX).mkdir()
    assert names(index.rows("m")) == ["m@1.0"]
    publish_all(git_repository, "1.1")
    assert names(index.rows("m")) == ["m@1.0", "m@1.1"]
    assert len(reader.opened) == 2


def test_an_update_that_fails_leaves_the_index_as_it_was(
    git_repository: Path, reader: CountingReader, index: TagIndex
) -> None:
    publish_all(git_repository, "1.0")
    index.rows("m")
    done = publish_version(git_repository, "m", "1.1")
    place = git_repository / ".git/objects" / str(done.tag_oid)[:2] / str(done.tag_oid)[2:]
    place.rename(place.with_suffix(".away"))
    with pytest.raises(MissingObject, match=str(done.tag_oid)):
        index.rows("m")
    place.with_suffix(".away").rename(place)
    assert names(index.rows("m")) == ["m@1.0", "m@1.1"]


def test_closing_it_twice_is_not_an_error_and_it_opens_again(git_repository: Path, index: TagIndex) -> None:
    publish_all(git_repository, "1.0")
    index.rows("m")
    index.close()
    index.close()
    assert names(index.rows("m")) == ["m@1.0"]


# -- one state of the tags in a block ---------------------------------------------------------------------


def test_a_block_looks_for_changed_tags_once(
    index: TagIndex, reader: CountingReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all(reader.top, "1.0", "1.1")
    assert len(index.rows("m")) == 2
    looked: list[str] = []
    key = tag_index.tags_key
    monkeypatch.setattr(tag_index, "tags_key", lambda paths: looked.append("") or key(paths))
    with index.steady():
        assert names(index.rows("m")) == ["m@1.0", "m@1.1"]
        with index.steady():
            assert index.find("m", "1.1.0") is not None
        assert index.model_names() == ["m"]
    assert len(looked) == 1
    index.rows("m")
    assert len(looked) == 2


def test_a_block_begins_with_the_tags_as_they_are(index: TagIndex, reader: CountingReader) -> None:
    publish_all(reader.top, "1.0")
    for count in (1, 2, 3):
        with index.steady():
            assert len(index.rows("m")) == count
            publish_all(reader.top, f"1.{count}")
        assert len(index.rows("m")) == count + 1


@pytest.mark.parametrize("damage", ["unlink", "write"])
def test_an_index_that_is_lost_in_a_block_is_made_anew(
    index: TagIndex, reader: CountingReader, damage: str
) -> None:
    publish_all(reader.top, "1.0", "1.1")
    place = reader.top / INDEX
    with index.steady():
        assert len(index.rows("m")) == 2
        if damage == "unlink":
            place.unlink()
        else:
            place.write_bytes(b"no database at all")
        assert names(index.rows("m")) == ["m@1.0", "m@1.1"]
        assert index.highest("m")[0].version == "1.1"


def test_an_index_that_cannot_be_used_any_more_is_right_in_memory(
    index: TagIndex, reader: CountingReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_all(reader.top, "1.0")

    def locked(*_: object) -> None:
        raise sqlite3.OperationalError("the index is locked by another writer")

    with index.steady():
        assert len(index.rows("m")) == 1
        monkeypatch.setattr(IndexDatabase, "_read", locked)
        assert names(index.rows("m")) == ["m@1.0"]
        assert names(index.rows("m")) == ["m@1.0"]


def test_another_thread_looks_itself(index: TagIndex, reader: CountingReader) -> None:
    publish_all(reader.top, "1.0")
    seen: list[int] = []
    with index.steady():
        assert len(index.rows("m")) == 1
        publish_all(reader.top, "1.1")
        thread = threading.Thread(target=lambda: seen.append(len(index.rows("m"))))
        thread.start()
        thread.join()
    assert seen == [2]
