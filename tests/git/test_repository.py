"""Reading one repository: refs, objects and commits as git has them, and errors of ours for the rest."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git, new_repository
from support.git_repository import opened, publish_version

from regolo_git.errors import IntegrityError, MissingObject, NotFound, RegoloError
from regolo_git.git.discover import find_repository
from regolo_git.git.repository import CommitInfo, GitRepository


@pytest.fixture
def top(git_repository: Path) -> Path:
    commit_files(
        git_repository, {"code": "1", "models/a/x": "2", "models/a/deep/y": "3", "models/b": "4"}, "one"
    )
    return git_repository


def ask(top: Path, *arguments: str) -> str:
    return git(top, *arguments).strip()


def test_a_repository_that_is_none_is_an_error_of_ours(top: Path) -> None:
    paths = find_repository(top, {})
    (top / ".git/HEAD").unlink()
    with pytest.raises(RegoloError, match=str(top)):
        GitRepository.open(paths)


# -- refs -------------------------------------------------------------------------------------------------


def test_head_is_a_branch_or_a_commit_or_a_branch_to_come(top: Path, tmp_path: Path) -> None:
    commit = ask(top, "rev-parse", "HEAD")
    assert (opened(top).head_branch(), opened(top).head_commit()) == ("main", commit)
    git(top, "checkout", "-q", "--detach")
    assert (opened(top).head_branch(), opened(top).head_commit()) == (None, commit)
    new = opened(new_repository(tmp_path / "new"))
    assert (new.head_branch(), new.head_commit()) == ("main", None)


def test_branches_are_those_here_then_those_of_the_origin(top: Path, tmp_path: Path) -> None:
    git(top, "branch", "topic")
    copy = opened(clone(top, tmp_path / "clone"))
    git(tmp_path / "clone", "remote", "add", "other", str(top))
    git(tmp_path / "clone", "fetch", "-q", "other")
    tip = ask(top, "rev-parse", "HEAD")
    here = commit_files(tmp_path / "clone", {"code": "2"})
    assert list(copy.branches()) == [("main", here), ("main", tip), ("topic", tip)]
    assert copy.remote_branch_tip("other", "topic") == tip
    assert (copy.newest_known("main"), copy.newest_known("topic")) == (here, tip)
    assert (copy.newest_known("none"), copy.branch_tip("topic")) == (None, None)


def test_a_clone_knows_whether_it_is_whole(top: Path, tmp_path: Path) -> None:
    commit_files(top, {"code": "2"})
    assert not opened(top).is_shallow
    assert opened(clone(top, tmp_path / "shallow", "--depth=1")).is_shallow
    assert not opened(top).is_bare
    assert opened(clone(top, tmp_path / "bare.git", "--bare")).is_bare


@pytest.mark.parametrize("revision", ["main", "HEAD~0", "v1", "v1^{commit}"])
def test_a_revision_is_its_commit(top: Path, revision: str) -> None:
    git(top, "tag", "-a", "v1", "-m", "annotated")
    assert opened(top).resolve(revision) == ask(top, "rev-parse", "main")


@pytest.mark.parametrize("revision", ["none", "main:code", "main~9", "", "f" * 40, "main..main", "\0"])
def test_an_object_that_is_not_a_commit_is_not_found(top: Path, revision: str) -> None:
    with pytest.raises(NotFound):
        opened(top).resolve(revision)


# -- objects ----------------------------------------------------------------------------------------------


def test_files_of_a_commit_are_read_by_their_paths(top: Path) -> None:
    repository, commit = opened(top), ask(top, "rev-parse", "HEAD")
    assert repository.read_file(commit, "models/a/x") == b"2"
    oid = repository.blob_oid(commit, "models/a/x")
    assert oid == ask(top, "rev-parse", "HEAD:models/a/x")
    assert repository.read_blob(str(oid)) == b"2"
    for path in ("models/a", "none", "code/x"):
        assert (repository.read_file(commit, path), repository.blob_oid(commit, path)) == (None, None)


def test_files_below_a_directory_are_listed_as_git_lists_them(top: Path) -> None:
    repository, commit = opened(top), ask(top, "rev-parse", "HEAD")
    for prefix in ("models", "models/a", "none", "code"):
        lines = ask(top, "ls-tree", "-r", "HEAD", "--", f"{prefix}/").splitlines()
        assert repository.list_files(commit, prefix) == [
            (line.split("\t")[1], line.split()[2]) for line in lines
        ]


def test_a_tree_deeper_than_the_interpreter_goes_is_listed(git_repository: Path) -> None:
    path = f"{'d/' * 1500}x"
    stream = f"commit refs/heads/main\ncommitter A <a@b.c> 1 +0000\ndata 0\nM 644 inline {path}\ndata 1\n1\n"
    git(git_repository, "fast-import", "--quiet", given=stream)
    ((found, _),) = opened(git_repository).list_files(ask(git_repository, "rev-parse", "main"), "d")
    assert found == path


def test_a_special_file_is_not_read(top: Path) -> None:
    with pytest.raises(IntegrityError):
        opened(top).read_blob(ask(top, "rev-parse", "HEAD^{tree}"))
    with pytest.raises(MissingObject):
        opened(top).read_blob("f" * 40)


def test_objects_that_are_packed_after_opening_are_found(top: Path) -> None:
    repository, commit = opened(top), ask(top, "rev-parse", "HEAD")
    assert repository.read_file(commit, "code") == b"1"
    other = commit_files(top, {"code": "2"})
    git(top, "repack", "-adq")
    git(top, "prune-packed")
    assert repository.read_file(other, "code") == b"2"
    assert repository.read_tag_object(other) is None


def test_an_annotated_tag_is_distinguished_from_other_objects(top: Path) -> None:
    done = publish_version(top, "m", "1.0")
    repository = opened(top)
    tag = repository.read_tag_object(str(done.tag_oid))
    assert tag is not None
    assert (tag.name, tag.target) == ("m@v1.0", done.commit)
    assert repository.read_tag_object(done.commit) is None
    with pytest.raises(MissingObject):
        repository.read_tag_object("f" * 40)


def test_the_signature_of_a_tag_is_read(top: Path) -> None:
    signature = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n"
    git(top, "tag", "-a", "plain", "-m", "text")
    signed = ask(top, "cat-file", "tag", "plain") + f"\n{signature}"
    oid = git(top, "hash-object", "-t", "tag", "-w", "--stdin", given=signed).strip()
    repository = opened(top)
    assert repository.tag_signature(oid) == signature
    assert repository.tag_signature(ask(top, "rev-parse", "plain")) is None
    assert repository.tag_signature(ask(top, "rev-parse", "HEAD")) is None


def test_a_packed_tag_object_is_read_after_another_look(top: Path) -> None:
    repository = opened(top)
    repository.read_file(ask(top, "rev-parse", "HEAD"), "code")
    git(top, "tag", "-a", "late", "-m", "text")
    git(top, "repack", "-adq")
    git(top, "prune-packed")
    assert repository.read_tag_object(ask(top, "rev-parse", "late")) is not None


def test_written_objects_must_exist(top: Path) -> None:
    repository = opened(top)
    loose = ask(top, "rev-parse", "HEAD")
    repository.require_written([loose])
    git(top, "repack", "-adq")
    git(top, "prune-packed")
    repository.reopen()
    repository.require_written([loose])
    with pytest.raises(MissingObject, match="f" * 40):
        repository.require_written([loose, "f" * 40])


# -- commits ----------------------------------------------------------------------------------------------


def test_a_commit_is_what_git_shows(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1700000000 +0530")
    first = ask(top, "rev-parse", "HEAD")
    second = commit_files(top, {"code": "2"}, "subject\n\nbody\n\nKey: value")
    assert opened(top).commit_info(second) == CommitInfo(
        oid=second,
        parents=(first,),
        author="Grace <ada@example.com>",
        committer="Ada Byron <ada@example.com>",
        committed_at=datetime.fromtimestamp(1_700_000_000, UTC),
        message="subject\n\nbody\n\nKey: value\n",
    )
    assert opened(top).commit_info(first).parents == ()
    with pytest.raises(MissingObject):
        opened(top).commit_info("f" * 40)


def info(message: str) -> CommitInfo:
    return CommitInfo("", (), "", "", datetime.now(UTC), message)


def test_the_subject_is_the_first_line() -> None:
    assert info("one\ntwo\n").subject == "one"
    assert info("").subject == ""


def test_a_trailer_is_a_line_of_the_last_paragraph() -> None:
    message = "subject\n\nOut: of reach\n\nOne: first\nTwo: a: b\nOne: last\nNot a trailer\n\n"
    found = {key: info(message).trailer(key) for key in ("One", "Two", "Out", "one", "Not a trailer")}
    assert found == {"One": "last", "Two": "a: b", "Out": None, "one": None, "Not a trailer": None}
    assert info("One: subject alone").trailer("One") == "subject alone"
    assert info("").trailer("One") is None


def test_an_ancestor_is_the_commit_itself_or_one_before_it(top: Path) -> None:
    first = ask(top, "rev-parse", "HEAD")
    second = commit_files(top, {"code": "2"})
    git(top, "switch", "-q", "--detach", first)
    other = commit_files(top, {"code": "3"})
    ancestor = opened(top).is_ancestor
    assert (ancestor(first, first), ancestor(first, second)) == (True, True)
    assert (ancestor(second, first), ancestor(other, second)) == (False, False)
    with pytest.raises(MissingObject):
        ancestor("f" * 40, second)
