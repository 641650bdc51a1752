"""Histories are read as git reads them: random ones with merges, and those that end early."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git, new_repository
from support.git_repository import opened

from regolo_git.git.history import (
    FilesOnce,
    changed_files,
    commits_not_in,
    commits_since,
    first_parents,
)

FILES = ("models/a/manifest.toml", "models/b/manifest.toml", "models/b/model.toml", "code")
START = 1_700_000_000


def random_history(seed: int, commits: int = 40) -> str:
    """Input for `git fast-import`: each commit comes after one or two earlier ones and edits a file or none.

    Commits are a second apart, so that an order by time is one order.
    """
    chance, lines = random.Random(seed), ["feature done"]
    for number in range(1, commits + 1):
        parents = chance.sample(
            range(max(1, number - 4), number), k=min(number - 1, chance.choice((1, 1, 2)))
        )
        lines += [f"commit refs/heads/main\nmark :{number}"]
        lines += [f"committer A <a@b.c> {START + number} +0000\ndata 0"]
        lines += [f"{'merge' if i else 'from'} :{parent}" for i, parent in enumerate(parents)]
        for path in chance.sample(FILES, k=chance.choice((0, 1, 1, 2))):
            content = chance.choice(("", "1", "2", None))
            lines += [
                f"D {path}" if content is None else f"M 644 inline {path}\ndata {len(content)}\n{content}"
            ]
    return "\n".join([*lines, "done\n"])


@pytest.fixture(scope="module", params=range(6))
def top(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a random history."""
    found = new_repository(tmp_path_factory.mktemp("history") / "top")
    git(found, "fast-import", "--quiet", "--force", given=random_history(request.param))
    return found


def told(top: Path, *arguments: str) -> list[str]:
    return git(top, *arguments).split()


def tip_of(top: Path) -> str:
    return git(top, "rev-parse", "main").strip()


def test_first_parents_are_followed_to_the_beginning(top: Path) -> None:
    found = list(first_parents(opened(top), tip_of(top)))
    assert found == told(top, "rev-list", "--first-parent", "main")


def test_a_long_line_of_first_parents_is_whole(git_repository: Path) -> None:
    lines = [
        f"commit refs/heads/main\nmark :{n}\ncommitter A <a@b.c> {START + n} +0000\ndata 0\n"
        for n in range(1, 200)
    ]
    git(git_repository, "fast-import", "--quiet", given="".join(lines))
    wanted = told(git_repository, "rev-list", "main")
    for start in (wanted[0], wanted[-64], wanted[-65], wanted[-1]):
        assert list(first_parents(opened(git_repository), start)) == wanted[wanted.index(start) :]


def test_changes_between_any_two_commits_agree_with_git(top: Path) -> None:
    commits = told(top, "rev-list", "main")
    repository = opened(top)
    for before, after in zip(commits[5:], commits, strict=False):
        found = changed_files(repository, before, after, "models")
        lines = git(top, "diff-tree", "-r", "--no-renames", before, after, "--", "models").splitlines()
        split = [line.split() for line in lines]
        assert found == {path: oid if oid != "0" * 40 else None for _, _, _, oid, _, path in split}


def test_against_nothing_every_file_has_changed(top: Path) -> None:
    repository, tip = opened(top), tip_of(top)
    everything = dict(repository.list_files(tip, "models"))
    assert changed_files(repository, None, tip, "models") == everything
    assert changed_files(repository, "f" * 40, tip, "models") == everything


def test_a_directory_that_came_or_went_is_all_or_nothing_of_its_files(git_repository: Path) -> None:
    first = commit_files(git_repository, {"code": "1"})
    second = commit_files(git_repository, {"models/a/x": "1", "models/y": "2"})
    repository = opened(git_repository)
    held = {path: repository.blob_oid(second, path) for path in ("models/a/x", "models/y")}
    assert changed_files(repository, first, second, "models") == held
    assert changed_files(repository, second, first, "models") == dict.fromkeys(held)
    assert changed_files(repository, first, first, "models") == {}


def test_a_file_named_like_the_directory_has_no_files_below(git_repository: Path) -> None:
    tip = commit_files(git_repository, {"models": "a file"})
    repository = opened(git_repository)
    assert changed_files(repository, None, tip, "models") == {}


def test_a_history_that_was_cut_ends_where_it_was_cut(git_repository: Path, tmp_path: Path) -> None:
    for number in range(5):
        commit_files(git_repository, {"code": str(number)})
    shallow = clone(git_repository, tmp_path / "shallow", "--depth=2")
    wanted = told(git_repository, "rev-list", "-2", "main")
    assert list(first_parents(opened(shallow), wanted[0])) == wanted


def test_the_commits_since_a_time_and_what_was_there_then(top: Path) -> None:
    since = START + 25
    times = {line.split()[0]: line.split()[1:] for line in git(top, "log", "--format=%H %ct %P").splitlines()}
    young = {oid for oid, (when, *_) in times.items() if int(when) >= since}
    expected = young | {parent for oid in young for parent in times[oid][1:]}
    assert young
    assert set(commits_since(opened(top), tip_of(top), datetime.fromtimestamp(since, UTC))) == expected


def test_a_clock_that_was_wrong_hides_nothing(git_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    for day in (10, 20, 1):
        monkeypatch.setenv("GIT_COMMITTER_DATE", f"2030-01-{day:02d}T00:00:00Z")
        commits.append(commit_files(git_repository, {}, f"day {day}"))
    since = datetime(2030, 1, 15, tzinfo=UTC)
    assert commits_since(opened(git_repository), commits[-1], since) == [commits[1], commits[0]]


def test_each_file_of_several_commits_is_yielded_once(top: Path) -> None:
    once, expected = FilesOnce(opened(top), "models"), set()
    for commit in told(top, "rev-list", "main"):
        files = {
            (line.split("\t")[1], line.split()[2])
            for line in git(top, "ls-tree", "-r", commit, "models").splitlines()
        }
        found = list(once.of(commit))
        assert len(found) == len(set(found))
        assert set(found) == files - expected
        expected |= files
    assert len(expected) > 2


def test_a_file_where_a_directory_was_has_no_files_below(git_repository: Path) -> None:
    commit = commit_files(git_repository, {"models": "a file"})
    assert list(FilesOnce(opened(git_repository), "models").of(commit)) == []


def test_commits_that_another_history_does_not_have(top: Path) -> None:
    repository, tip = opened(top), tip_of(top)
    for other in told(top, "rev-list", "main")[::7]:
        assert commits_not_in(repository, tip, other) == set(told(top, "rev-list", tip, f"^{other}"))
        assert commits_not_in(repository, other, tip) == set()
