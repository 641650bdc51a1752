"""A version as `show` prints it."""

from dataclasses import replace
from typing import Any

import pytest
from support.changes import HOSTILE
from support.model_versions import HEX, manifest, model_version
from support.tensors import recipe, tensor

from regolo_git.cli.pages.shown_version import Shown
from regolo_git.cli.pages.terminal import put_page
from regolo_git.cli.pages.version import document, version_page
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import FileEntry, Lineage
from regolo_git.records.model_card import ModelCard
from regolo_git.registry.signatures import Signed
from regolo_git.registry.usage import User
from regolo_git.reviews.page import Section

PLAIN = Shown(model_version(), ModelCard(), (), None)
ENTRY = FileEntry(750, Digest("sha256", HEX))
FULL = Shown(
    model_version(
        manifest(
            "directory",
            path="model",
            description="trained again",
            build="ci.7",
            parents=("0.9", "0.8"),
            files={"b.bin": ENTRY, "a.json": ENTRY},
            metadata={"accuracy": 0.92, "tags": ["x", "y"], "done": True, "t": {"k": "v"}},
            lineage=Lineage(code="abc", data={"train": "sha256:1"}, parameters={"rate": 0.1}),
            serving={"format": "onnx"},
        ),
    ),
    ModelCard(description="a model", owner="the team"),
    (User("environment", "production"), User("endpoint", "e")),
    recipe(tensor("w")),
    signature=Signed(True, "is signed by ada@example.com", "ada@example.com"),
)


def sections(shown: Shown) -> dict[str, dict[str, str]]:
    return {
        section.title: {str(name): str(value) for name, value, *_ in section.rows}
        for section in version_page(shown).sections
    }


def test_missing_values_are_not_on_the_page_of_a_version() -> None:
    found = sections(PLAIN)
    assert list(found[""]) == ["created", "size", "digest", "path", "tag", "commit"]
    assert {title for title, rows in found.items() if rows} == {""}
    assert (found[""]["tag"], found[""].get("signed")) == ("m@v1.0", None)
    assert found[""]["size"] == "1.5 kB (1500 bytes), not in this clone's store"
    assert version_page(PLAIN).notes == ["first"]


def test_everything_that_is_known_is_on_the_page() -> None:
    page, found = version_page(FULL), sections(FULL)
    assert (page.subject, page.brief) == ("m@1.0", "ready")
    assert page.notes == ["trained again", "first"]
    assert (found[""]["model"], found[""]["owner"]) == ("a model", "the team")
    assert (found[""]["build"], found[""]["parent"]) == ("ci.7", "0.9, 0.8")
    assert (found[""]["used by"], found[""]["tag"]) == ("environment 'production', endpoint 'e'", "m@v1.0")
    assert found[""]["signed"] == "by ada@example.com"
    assert found[""]["size"] == "1.5 kB (1500 bytes), 2 files, 1 tensor"
    assert found["Metrics"] == {"accuracy": "0.92"}
    assert found["Metadata"] == {"tags": "x, y", "done": "true", "t.k": "v"}
    assert found["Lineage"] == {"code": "abc", "data.train": "sha256:1", "parameters.rate": "0.1"}
    assert found["Serving"] == {"format": "onnx"}
    assert found["Files"] == {"b.bin": "750 B", "a.json": "750 B"}


def test_the_list_of_files_ends_with_where_the_rest_is(capsys: pytest.CaptureFixture[str]) -> None:
    files = {f"{number:03d}.bin": FileEntry(1, ENTRY.digest) for number in range(40)}
    shown = replace(PLAIN, version=model_version(manifest("directory", 40, files=files)))
    put_page(version_page(shown))
    assert capsys.readouterr().out.endswith("  ... and 10 more: git regolo show m@1.0 --json\n")


def test_hostile_text_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    held = manifest(
        "directory", path=HOSTILE, description=HOSTILE, build=HOSTILE, parents=(HOSTILE,),
        files={HOSTILE: ENTRY}, metadata={HOSTILE: HOSTILE}, lineage=Lineage(code=HOSTILE),
    )  # fmt: skip
    version = model_version(held, message=HOSTILE, created_by=HOSTILE)
    put_page(version_page(Shown(version, ModelCard(HOSTILE, HOSTILE), (User("endpoint", HOSTILE),), None)))
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert len(lines) == 3 + 1 + 11 + 3 * 3


def test_the_document_has_the_same_for_programs() -> None:
    found: Any = document(FULL)
    assert (found["reference"], found["signed"], found["here"], found["tensors"]) == ("m@1.0", True, True, 1)
    assert found["used_by"] == ["environment 'production'", "endpoint 'e'"]
    assert found["users"][1] == {"kind": "endpoint", "name": "e"}
    assert found["files"]["a.json"] == {"size": 750, "digest": f"sha256:{HEX}"}
    assert found["lineage"]["parameters"] == {"rate": 0.1}
    empty: Any = document(PLAIN)
    assert (empty["lineage"], empty["serving"], empty["here"], empty["tensors"]) == (None, None, False, None)


def test_a_section_without_rows_stays_away() -> None:
    assert [s for s in version_page(PLAIN).sections if s.title == "Files"] == [Section("Files", [])]
