"""What `register` and `commit` are told of a version, read from their options."""

from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.cli.context import open_handle
from regolo_git.cli.options.version import VersionOptions
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.references import Reference

NOTHING = VersionOptions(
    (), None, (), None, None, None, (), (), None, None, None, (), strict=False, propose=False, direct=False
)


@pytest.mark.parametrize(
    ("propose", "direct", "flow"), [(False, False, "auto"), (True, False, "propose"), (False, True, "direct")]
)
def test_the_flow_is_chosen_by_two_flags(propose: bool, direct: bool, flow: str) -> None:
    assert NOTHING._replace(propose=propose, direct=direct).flow == flow


def test_two_flows_at_once_are_refused() -> None:
    with pytest.raises(InvalidInput, match="--propose and --direct cannot be used together"):
        assert NOTHING._replace(propose=True, direct=True).flow


def test_where_nothing_was_said_there_is_nothing(two_versions: Path) -> None:
    with open_handle() as handle:
        assert (NOTHING.metadata(handle), NOTHING.serving(), NOTHING.lineage(handle)) == ({}, None, None)


def test_a_lineage_names_the_whole_commit_and_the_version_that_was_meant(two_versions: Path) -> None:
    options = NOTHING._replace(
        code="HEAD", data=("train=sha256:00",), parameters=("epochs=9",), base=Reference.parse("m")
    )
    with open_handle() as handle:
        lineage = options.lineage(handle)
    assert lineage is not None
    assert lineage.code == git(two_versions, "rev-parse", "HEAD").strip()
    assert (lineage.data, lineage.parameters) == ({"train": "sha256:00"}, {"epochs": 9})
    assert lineage.base == "m@1.1"


def test_a_commit_of_another_repository_is_taken_as_it_is(two_versions: Path) -> None:
    with open_handle() as handle:
        lineage = NOTHING._replace(code="ab" * 20).lineage(handle)
        assert lineage is not None
        assert lineage.code == "ab" * 20
        with pytest.raises(NotFound):
            NOTHING._replace(code="ab" * 19).lineage(handle)
