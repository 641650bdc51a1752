"""A version whose branch or tag another one takes or blocks is refused before its artifact is read."""

import os
from contextlib import closing
from pathlib import Path

import pytest
from support.command_line import Command
from support.everything import Everything
from support.git_program import git

from regolo_git.errors import Conflict
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.create import create_version
from regolo_git.registry.versions.request import VersionRequest
from regolo_git.registry.versions.target_branch import Flow


@pytest.mark.parametrize(
    ("in_the_way", "arguments", "message"),
    [
        (["branch", "propose"], ["--propose"], "'propose' blocks the name of branch"),
        (["branch", "propose/m@3.0+01234567"], ["--propose", "--version", "3.0"], "already proposed"),
        (["branch", "propose/m@3.0"], ["--propose", "--version", "3.0.0"], "already proposed"),
        (["tag", "m@v1.2/x"], [], "tag 'm@v1.2/x' blocks the name of tag 'm@v1.2'"),
        (["tag", "m@v2.0/rc/x"], ["--bump", "major"], "'m@v2.0/rc/x' blocks the name"),
        (["tag", "m@prod-1.0/x"], ["--version", "prod-1.0"], "blocks the name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_it_costs_nothing(
    command: Command, top: Path, in_the_way: list[str], arguments: list[str], message: str, packed: bool
) -> None:
    git(top, *in_the_way)
    if packed:
        git(top, "pack-refs", "--all")
    (top / "new.bin").write_bytes(os.urandom(5000))
    before = Everything.of(top)
    refused = command("commit", "m", "new.bin", *arguments, status=4)
    assert message in refused.stderr
    assert "stay in the store" not in refused.stderr
    assert refused.stderr.count("hint:") == 1
    before.must_be(top)


def test_a_new_model_below_a_tag_costs_nothing(command: Command, top: Path) -> None:
    git(top, "tag", "nlp")
    (top / "new.bin").write_bytes(os.urandom(5000))
    before = Everything.of(top)
    refused = command("register", "nlp/reviews", "new.bin", status=4)
    assert "tag 'nlp' blocks the name of tag 'nlp/reviews@v1.0'" in refused.stderr
    before.must_be(top)


@pytest.mark.parametrize("flow", ["auto", "propose"])
def test_a_name_that_is_taken_while_the_artifact_is_read_takes_the_content_back(
    top: Path, flow: Flow
) -> None:
    (top / "new.bin").write_bytes(os.urandom(5000))
    before = Everything.of(top)
    names = {"auto": "refs/tags/m@v1.2/x", "propose": "refs/heads/propose"}

    def block(_: object) -> None:
        git(top, "update-ref", names[flow], "HEAD")

    notices: list[str] = []
    request = VersionRequest(model="m", source=top / "new.bin", new_model=False, flow=flow)
    with closing(Handle.open(top, {}, notices.append)) as handle, pytest.raises(Conflict, match="blocks"):
        create_version(handle, request, on_same_content=lambda _: None, on_progress=block)
    assert not notices
    git(top, "update-ref", "-d", names[flow])
    before.must_be(top)
