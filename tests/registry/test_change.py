"""Records change in one commit, and keep what this release does not know."""

import tomllib

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, LostRace
from regolo_git.git.new_commit import NewCommit
from regolo_git.registry.change import action_message, commit_records, propose_operations
from regolo_git.registry.records_at import RecordsAt


def test_keys_of_a_newer_release_survive_every_change(registered: Registry) -> None:
    top = registered.handle.paths.top
    registered.promote_model_version("m", "1.0", "production")
    registered.create_endpoint("e", "m", "1.0", "production")
    registered.create_model_version("m", model_data=b"three")
    registered.retire_model_version("m", "1.2", reason="wrong data")
    changed = {
        "environments/production/m.toml": 'note = "ours"\n',
        "endpoints/e.toml": 'zone = "eu"\n\n[extra]\nowner = "Ada"\n',
        "models/m/retired.toml": '\n[extra]\nowner = "Ada"\n',
    }
    for path, text in changed.items():
        (top / path).write_text((top / path).read_text() + text)
    git(top, "commit", "-qam", "by a newer release")
    registered.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10})
    registered.promote_model_version("m", "1.1", "production")
    registered.rollback_endpoint("e", "1.0")
    registered.update_endpoint_traffic("e", {"1.0": 0.5, "1.1": 0.5})
    registered.create_model_version("m", "1.3", model_data=b"four")
    registered.retire_model_version("m", "1.3", reason="wrong data")
    read = {path: tomllib.loads((top / path).read_text()) for path in changed}
    assert read["environments/production/m.toml"]["note"] == "ours"
    assert read["endpoints/e.toml"]["extra"] == {"owner": "Ada"}
    assert read["models/m/retired.toml"]["extra"] == {"owner": "Ada"}
    assert set(read["models/m/retired.toml"]["retired"]) == {"1.2", "1.3"}


def test_what_is_prepared_gets_the_records_as_they_are_and_comes_back(registered: Registry) -> None:
    seen = []

    def prepare(records: RecordsAt) -> NewCommit[str]:
        seen.append(records.registry)
        if len(seen) == 1:
            raise LostRace("somebody was faster")
        return NewCommit({"file": b"content"}, "a file\n", "made")

    top, before = registered.handle.paths.top, git(registered.handle.paths.top, "rev-parse", "main").strip()
    done = commit_records(registered.handle, prepare)
    assert (done.branch, done.made, seen) == ("main", "made", [before, before])
    assert git(top, "rev-parse", "main", "main^").split() == [done.commit, before]


def test_records_of_another_branch_change_there(registered: Registry) -> None:
    top = registered.handle.paths.top
    git(top, "branch", "topic", "HEAD~1")
    main = git(top, "rev-parse", "main")

    def prepare(records: RecordsAt) -> NewCommit[str]:
        manifest = records.manifest("m")
        assert manifest is not None
        return NewCommit({"file": b"content"}, "a file\n", manifest.version)

    done = commit_records(registered.handle, prepare, branch="topic")
    assert (done.branch, done.made) == ("topic", "1.0")
    assert git(top, "rev-parse", "main") == main


def test_a_proposal_starts_at_the_registry_branch(registered: Registry) -> None:
    top = registered.handle.paths.top
    git(top, "switch", "-qc", "topic", "HEAD~1")
    main = git(top, "rev-parse", "main").strip()

    def prepare(records: RecordsAt) -> NewCommit[str | None]:
        return NewCommit({"file": b"content"}, "a file\n", records.registry)

    done = propose_operations(registered.handle, "propose/it", prepare)
    assert (done.branch, done.made) == ("propose/it", main)
    assert git(top, "rev-parse", "propose/it^").strip() == main
    with pytest.raises(Conflict, match="propose/it"):
        propose_operations(registered.handle, "propose/it", prepare)


@pytest.mark.parametrize("said", [None, "", "  \n"])
def test_without_a_given_text_there_is_a_default_message(said: str | None) -> None:
    message = action_message(said, "promote m@1.0", "promote", {"Regolo-To": "m@1.0", "Regolo-From": None})
    assert message == "promote m@1.0\n\nRegolo-Action: promote\nRegolo-To: m@1.0\n"


def test_what_is_said_comes_before_the_trailers() -> None:
    assert action_message(" why\n", "otherwise", "traffic", {}) == "why\n\nRegolo-Action: traffic\n"
