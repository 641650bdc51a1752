"""Making versions through the Python API, in real repositories."""

import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.git_program import git, proposal

from regolo_git.api import Registry
from regolo_git.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    RegoloError,
    RegoloNotice,
    VersionExists,
)
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.registry.versions.create import CreatedVersion, create_versions
from regolo_git.registry.versions.request import VersionRequest


def test_a_model_is_registered_with_its_first_version(registry: Registry, weights) -> None:  # type: ignore[no-untyped-def]
    model = registry.register_model("sentiment", weights(), metadata={"accuracy": 0.89})
    assert [v.version for v in model.versions] == ["1.0"]
    assert model.latest.metadata["accuracy"] == 0.89
    assert model.latest.tag == "sentiment@v1.0"


def test_a_version_without_a_number_is_the_next_minor(registry: Registry, weights) -> None:  # type: ignore[no-untyped-def]
    registry.register_model("m", weights(fill=1))
    assert registry.create_model_version("m", model_data=weights(fill=2)).version == "1.1"
    assert registry.create_model_version("m", model_data=weights(fill=3), bump="patch").version == "1.1.1"
    assert registry.create_model_version("m", model_data=weights(fill=4), bump="major").version == "2.0"


def test_one_version_has_one_name_whatever_the_patch_is_written_like(registry: Registry) -> None:
    registry.register_model("m", b"one")
    for name in ("1.0", "1.0.0", "v1.0", "1.0.0+cu121"):
        with pytest.raises(VersionExists):
            registry.create_model_version("m", name, model_data=b"two")
    assert registry.get_model_version("m", "1.0.0").version == "1.0"


def test_the_first_version_decides_how_a_zero_patch_is_written(registry: Registry) -> None:
    registry.register_model("three", b"one", version="1.0.0")
    assert registry.create_model_version("three", "1.1", model_data=b"two").version == "1.1.0"


def test_build_metadata_is_kept_beside_the_version(registry: Registry) -> None:
    registry.register_model("m", b"one", version="1.0.0+cu121")
    version = registry.get_model_version("m", "1.0.0")
    assert (version.tag, version.manifest.build) == ("m@v1.0.0", "cu121")


def test_a_version_follows_the_one_before_it(registry: Registry) -> None:
    registry.register_model("m", b"one")
    assert registry.create_model_version("m", model_data=b"two").parents == ("1.0",)


def test_registering_a_model_twice_is_refused(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with pytest.raises(Conflict, match="already exists"):
        registry.register_model("m", b"two", version="2.0")


def test_a_version_of_no_model_is_refused(registry: Registry) -> None:
    with pytest.raises(NotFound) as caught:
        registry.create_model_version("m", model_data=b"one")
    assert str(caught.value.hint) == "git regolo register m PATH"


def test_the_same_content_again_is_worth_a_notice(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with pytest.warns(RegoloNotice, match=r"same content as version '1\.0'"):
        registry.create_model_version("m", model_data=b"one")


def test_an_environment_name_for_the_same_content_is_worth_none(registry: Registry) -> None:
    registry.register_model("m", b"one")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert registry.create_model_version("m", "prod-1.0", model_data=b"one").tag == "m@prod-1.0"


@pytest.mark.parametrize(
    "name",
    ["..", "-m", "a b", "Model", "a@b", "a\x01", "a.lock", "nul", "con.v1", "a/../b", "a//b", "x.git", ""],
)
def test_names_that_could_hurt_are_refused(registry: Registry, name: str) -> None:
    before = git(registry.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(InvalidInput):
        registry.register_model(name, b"one")
    assert git(registry.handle.paths.top, "rev-parse", "HEAD") == before


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), 2**63, {1: 2}, b"x", object()])
def test_metadata_that_toml_cannot_hold_is_refused_with_its_key(registry: Registry, value: object) -> None:
    with pytest.raises(InvalidInput, match=r"outer\.inner"):
        registry.register_model("m", b"one", metadata={"outer": {"inner": value}})
    with pytest.raises(NotFound):
        registry.get_model_version("m")


def test_objects_are_not_pickled_for_the_user(registry: Registry) -> None:
    with pytest.raises(TypeError, match="save"):
        registry.register_model("m", object())  # type: ignore[arg-type]


def test_the_artifact_is_kept_out_of_git(registry: Registry, weights) -> None:  # type: ignore[no-untyped-def]
    registry.register_model("m", weights())
    top = registry.handle.paths.top
    assert git(top, "status", "--porcelain") == ""
    assert "/model.safetensors" in git(top, "show", "HEAD:.gitignore")


def test_a_tracked_artifact_is_said_to_be_tracked(registry: Registry, weights) -> None:  # type: ignore[no-untyped-def]
    path, top = weights(), registry.handle.paths.top
    git(top, "add", path.name)
    git(top, "commit", "-qm", "by accident")
    with pytest.warns(RegoloNotice, match=r"git rm --cached -r -- :/model\.safetensors"):
        registry.register_model("m", path)
    # What the words say is enough: from then on it is ignored.
    (top / "sub").mkdir()
    git(top / "sub", "rm", "-q", "--cached", "-r", "--", ":/model.safetensors")
    git(top, "commit", "-qm", "no longer tracked")
    git(top, "add", "--all")
    assert git(top, "status", "--porcelain") == ""


def test_an_artifact_that_git_takes_in_all_the_same_is_named(registry: Registry, weights) -> None:  # type: ignore[no-untyped-def]
    path, top = weights("deep/model.safetensors"), registry.handle.paths.top
    (path.parent / ".gitignore").write_text("!*.safetensors\n")
    git(top, "add", "--all", ":!*.safetensors")
    git(top, "commit", "-qm", "let it in")
    with pytest.warns(RegoloNotice, match="git check-ignore -v -- :/deep/model.safetensors") as caught:
        registry.register_model("m", path)
    command = str(caught[0].message).partition(": ")[2]
    assert "!*.safetensors" in git(path.parent, *command.split()[1:])


def test_an_error_leaves_branch_and_tags_as_they_were(registry: Registry) -> None:
    registry.register_model("m", b"one")
    top = registry.handle.paths.top
    before = git(top, "for-each-ref"), git(top, "status", "--porcelain")
    for call in (
        lambda: registry.create_model_version("m", "1.0", model_data=b"two"),
        lambda: registry.create_model_version("m", "1.x", model_data=b"two"),
        lambda: registry.create_model_version("m", model_data=top / "missing.bin"),
        lambda: registry.get_model_version("m", "9.9"),
    ):
        with pytest.raises(RegoloError):
            call()
    assert (git(top, "for-each-ref"), git(top, "status", "--porcelain")) == before


def test_a_topic_branch_gets_a_version_without_a_tag(registry: Registry) -> None:
    registry.register_model("m", b"one")
    top = registry.handle.paths.top
    git(top, "switch", "-qc", "topic")
    version = registry.create_model_version("m", model_data=b"two")
    assert (version.version, version.tag, version.status) == ("1.1", None, "proposed")
    assert git(top, "tag", "--list").split() == ["m@v1.0"]


def test_a_proposal_waits_on_a_branch_of_its_own(registry: Registry) -> None:
    registry.register_model("m", b"one")
    top = registry.handle.paths.top
    before = git(top, "rev-parse", "HEAD")
    registry.create_model_version("m", model_data=b"two", flow="propose")
    assert git(top, "rev-parse", "HEAD") == before
    digest = sha256(b"two").hexdigest()
    assert git(top, "branch", "--list", "propose/*").split() == [f"propose/m@1.1+{digest[:8]}"]


def test_a_clone_that_has_the_registry_branch_only_from_its_remote_proposes_and_promotes_on_it(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register_model("m", b"one")
    top, clone = registry.handle.paths.top, tmp_path / "clone"
    git(top, "branch", "topic")
    git(top, "clone", "-q", "-b", "topic", ".", str(clone))
    git(clone, "config", "user.name", "Ada Byron")
    git(clone, "config", "user.email", "ada@example.com")
    git(clone, "config", "regolo.store", str(registry.handle.local_directory / "store"))
    with Registry.open(clone) as opened:
        opened.create_model_version("m", model_data=b"two", flow="propose")
        opened.promote_model_version("m", "1.0", "production")
    main = git(top, "rev-parse", "main")
    assert git(clone, "rev-parse", f"{proposal(clone, 'm@1.1')}^", "main^").split() == [main.strip()] * 2
    assert git(clone, "show", "main:models/m/manifest.toml") == git(
        top, "show", "main:models/m/manifest.toml"
    )


class OtherPath:
    """A path of some other library."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __fspath__(self) -> str:
        return self.text


def test_any_kind_of_path_is_recorded_and_ignored(registry: Registry, weights) -> None:  # type: ignore[no-untyped-def]
    model = registry.register_model("m", OtherPath(str(weights())))
    assert model.latest.manifest.artifact.path == "model.safetensors"
    assert git(registry.handle.paths.top, "status", "--porcelain") == ""


def test_how_a_file_from_elsewhere_is_loaded_is_what_its_name_said(
    registry: Registry, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def serving(name: str, **given: object) -> object:
        path = tmp_path_factory.mktemp("elsewhere") / name
        path.write_text(str(path))
        return registry.create_model_version("m", model_data=path, **given).manifest.serving  # type: ignore[arg-type]

    registry.register_model("m", b"without a name")
    assert serving("a.bin") is None
    assert serving("b.skops") == {"format": "skops"}
    assert serving("c.onnx") == {"format": "onnx"}
    assert serving("d.bin") == {"format": "onnx"}
    said = {"format": "skops", "config": {"method": "predict_proba"}}
    assert serving("e.skops", serving=said) == said
    assert serving("f.skops") == said


def test_a_file_in_the_work_tree_keeps_its_name_and_needs_no_block(
    registry: Registry, git_repository: Path
) -> None:
    path = git_repository / "a.skops"
    path.write_text("a")
    assert registry.register_model("m", path).latest.manifest.serving is None


def test_an_environment_named_version_is_made_from_a_version_without_its_bytes(registered: Registry) -> None:
    source = registered.get_model_version("m", "1.0")
    made = registered.create_model_version("m", "prod-1.0", model_data=source, metadata={"approved": True})
    assert (made.digest, made.manifest.artifact) == (source.digest, source.manifest.artifact)
    assert made.metadata == {**source.metadata, "approved": True}
    assert registered.get_model_version("m", "latest").version != "prod-1.0"


def test_a_sign_off_stays_a_trailer_and_the_tag_keeps_the_lines(registry: Registry) -> None:
    top = registry.handle.paths.top
    message = "a subject\n\nwhy it is better\n\nSigned-off-by: A <a@b>"
    registry.register_model("m", b"1", message=message)
    assert git(top, "log", "-1", "--format=%(trailers)%s") == "Signed-off-by: A <a@b>\na subject\n"
    shown = git(top, "for-each-ref", "--format=%(contents)", "refs/tags/m@v1.0")
    assert shown.startswith(f"{message}\n\nRegolo-Model: m\n")
    registry.promote_model_version("m", "1.0", "staging", message="go\n\nSigned-off-by: B <b@c>")
    assert git(top, "log", "-1", "--format=%(trailers:key=Signed-off-by,valueonly)").strip() == "B <b@c>"
    assert git(top, "log", "-1", "--format=%(trailers:key=Regolo-To,valueonly)").strip() == "m@1.0"
    assert registry.get_model_version("m").message == "a subject"


@pytest.mark.parametrize(
    ("asked", "line"),
    [({}, "Regolo-Bump: minor\n"), ({"bump": "major"}, "Regolo-Bump: major\n"), ({"version": "1.7"}, "")],
    ids=["automatic", "bump", "given"],
)
def test_the_tag_says_whether_the_number_was_automatic(  # type: ignore[no-untyped-def]
    registry: Registry, weights, asked: dict[str, Any], line: str
) -> None:
    registry.register_model("m", model_data=weights(fill=1))
    version = registry.create_model_version("m", model_data=weights(fill=2), **asked)
    tag = registry.handle.git.read_tag_object(str(registry.handle.git.tag_target(str(version.tag))))
    assert tag is not None
    assert tag.message.endswith(f"Regolo-Size: {version.size_bytes}\n{line}")


def test_of_several_versions_the_first_ones_stay_if_a_later_commit_fails(registry: Registry) -> None:
    handle, created = registry.handle, list[CreatedVersion]()
    for model in ("a", "b", "c"):
        registry.register_model(model, model.encode())

    def edit_the_next(version: CreatedVersion) -> None:
        created.append(version)
        (handle.paths.top / "models" / "b" / "manifest.toml").write_text("edited", encoding="utf-8")

    requests = [VersionRequest(model, model.encode() * 2, new_model=False) for model in ("a", "b", "c")]
    with pytest.raises(Conflict, match="uncommitted"):
        create_versions(handle, requests, on_same_content=lambda _: None, on_created=edit_the_next)
    assert [each.version.reference for each in created] == ["a@1.1"]
    git(handle.paths.top, "checkout", "-q", "models")
    assert [len(registry.list_model_versions(model)) for model in ("a", "b", "c")] == [2, 1, 1]
    assert not check_registry(handle, full=True).problems


def test_two_versions_that_both_change_the_ignore_file(registry: Registry) -> None:
    top = registry.handle.paths.top
    requests = []
    for model in ("a", "b"):
        (top / f"{model}.bin").write_bytes(model.encode())
        requests.append(VersionRequest(model, top / f"{model}.bin", new_model=True))
    create_versions(registry.handle, requests, on_same_content=lambda _: None, on_created=lambda _: None)
    assert (top / ".gitignore").read_text().split() == ["/a.bin", "/b.bin"]
    assert git(top, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("before", "version", "noted"),
    [("1.0", None, True), ("1.0", "2.0", False), ("0.1", "0.2", False)],
    ids=["minor", "major", "before 1.0"],
)
def test_a_number_that_promises_more_than_the_tensors_keep_is_noted(
    registry: Registry, before: str, version: str | None, noted: bool
) -> None:
    wide, narrow = np.zeros((2, 4), "float32"), np.zeros((2, 3), "float32")
    registry.register_model("m", {"head": wide, "gone": wide, "kept": wide}, before)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        registry.create_model_version("m", version, model_data={"head": narrow, "kept": wide})
    said = [str(warning.message) for warning in caught if "SemVer" in str(warning.message)]
    if noted:
        assert (
            f"2 tensors of {before} were removed or reshaped (gone, head), which SemVer calls a major change"
            in said[0]
        )
    assert bool(said) == noted


def test_arrays_are_a_file_with_a_name(registry: Registry) -> None:
    arrays = {"weight": np.ones(4, "float32")}
    registry.register_model("nlp/encoder", arrays)
    assert registry.get_model_version("nlp/encoder").manifest.artifact.name == "encoder.safetensors"
    with pytest.raises(InvalidInput, match="no recorded path") as raised:
        registry.checkout_model_version("nlp/encoder")
    assert "encoder.safetensors" in str(raised.value.hint)


def test_arrays_after_a_file_keep_its_name(registry: Registry) -> None:
    from safetensors.numpy import save_file

    top = registry.handle.paths.top
    save_file({"weight": np.zeros(4, "float32")}, top / "model.safetensors")
    registry.register_model("m", top / "model.safetensors")
    registry.create_model_version("m", model_data={"weight": np.ones(4, "float32")})
    (changed,) = registry.compare_model_versions("m", "1.0", "1.1").files
    assert (changed.path, changed.kind) == ("model.safetensors", "changed")


def test_arrays_after_another_kind_of_file_do_not_take_its_name(registry: Registry) -> None:
    top = registry.handle.paths.top
    (top / "model.onnx").write_bytes(b"onnx")
    registry.register_model("m", top / "model.onnx")
    version = registry.create_model_version("m", model_data={"weight": np.ones(4, "float32")})
    assert version.manifest.artifact.name == "m.safetensors"
