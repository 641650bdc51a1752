"""Artifacts that say themselves that they are incomplete, and names that are alike, when a version is created."""

import json
import warnings
from pathlib import Path

import pytest
from support.git_program import commit_files
from support.sample_files import safetensors_file

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, RegoloNotice

SAFE = safetensors_file()
CUT = SAFE[:-20]
SAYS = rf"'model\.safetensors' is incomplete: header says {len(SAFE)} B, file has {len(CUT)} B"


@pytest.fixture
def cut(two_versions: Registry) -> Path:
    place = two_versions.handle.paths.top / "cut"
    place.mkdir()
    (place / "model.safetensors").write_bytes(CUT)
    (place / "config.json").write_text("{}")
    return place


def chunks(registry: Registry) -> int:
    return len(list((registry.handle.local_directory / "store" / "chunks").glob("*/*")))


def test_it_is_a_notice_each_time_also_where_nothing_is_read(two_versions: Registry, cut: Path) -> None:
    with pytest.warns(RegoloNotice, match=SAYS):
        two_versions.register_model("d", cut)
    with pytest.warns(RegoloNotice, match=SAYS):
        two_versions.create_model_version("d", model_data=cut)


def test_strict_refuses_it_before_anything_is_stored(two_versions: Registry, cut: Path) -> None:
    before = chunks(two_versions)
    with pytest.raises(InvalidInput, match=f"not complete: {SAYS}") as caught:
        two_versions.register_model("d", cut, strict=True)
    assert "strict" in str(caught.value.hint)
    assert chunks(two_versions) == before
    assert "d" not in [model.name for model in two_versions.list_models()]
    (cut / "model.safetensors").write_bytes(SAFE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        two_versions.register_model("d", cut, strict=True)


def test_the_card_on_the_registry_branch_refuses_it(two_versions: Registry, cut: Path) -> None:
    top = two_versions.handle.paths.top
    card = (top / "models/m/model.toml").read_text()
    commit_files(top, {"models/m/model.toml": card.replace("format = 1\n", "format = 1\nstrict = true\n")})
    for flow in ("auto", "propose"):
        with pytest.raises(InvalidInput, match=SAYS) as caught:
            two_versions.create_model_version("m", model_data=cut, flow=flow)  # type: ignore[arg-type]
        assert "'models/m/model.toml'" in str(caught.value.hint)


def test_a_stored_version_is_looked_at_too(two_versions: Registry, cut: Path) -> None:
    for name, data in (("d", cut), ("f", cut / "model.safetensors")):
        with pytest.warns(RegoloNotice, match=SAYS):
            version = two_versions.register_model(name, data).versions[0]
        with pytest.raises(InvalidInput, match=SAYS):
            two_versions.create_model_version(name, "2.0", model_data=version, strict=True)
        two_versions.create_model_version(name, "2.0", model_data=version)


def test_a_link_of_git_annex_says_how_to_get_the_content(two_versions: Registry, cut: Path) -> None:
    (cut / "model.safetensors").unlink()
    (cut / "model.safetensors").symlink_to("../.git/annex/objects/Xx/Yy/SHA256E-s5--0/SHA256E-s5--0")
    with pytest.raises(InvalidInput, match="broken symbolic link") as caught:
        two_versions.register_model("d", cut)
    assert caught.value.hint == "git annex get"


@pytest.mark.parametrize("data", [CUT, b"", b"<html>404</html>"], ids=["cut", "empty", "page"])
def test_data_in_memory_is_looked_at_too(registered: Registry, data: bytes) -> None:
    with pytest.raises(InvalidInput, match="'the data' is "):
        registered.create_model_version("m", model_data=data, strict=True)


def test_a_shard_that_is_left_out_is_missing(two_versions: Registry, cut: Path) -> None:
    (cut / "model.safetensors").write_bytes(SAFE)
    weights = {"weight_map": {"a": "model.safetensors"}}
    (cut / "model.safetensors.index.json").write_text(json.dumps(weights))
    with pytest.warns(RegoloNotice, match="names 1 missing file"):
        two_versions.register_model("d", cut, exclude="*.safetensors")


def test_names_that_are_alike_are_a_notice(two_versions: Registry, cut: Path) -> None:
    (cut / "model.safetensors").write_bytes(SAFE)
    (cut / "CONFIG.json").write_text("{}")
    if len(list(cut.iterdir())) < 3:
        pytest.skip("a file system without case")
    with pytest.warns(RegoloNotice, match=r"'CONFIG\.json' and 'config\.json' differ only in case"):
        two_versions.register_model("d", cut)
