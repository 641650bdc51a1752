"""Places of git and of the registry's records, under every name that some file system takes for theirs."""

import pytest

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.manifest import Manifest
from regolo_git.records.places import check_members, check_place

PLACES = [
    ".regolo/config.toml", ".regolo", ".regolo/x.bin", ".Regolo/config.toml", "REGOLO~1/config.toml", ".regolo./c",
    "endpoints/new.toml", "endpoints", "Endpoints/new.toml", "ENDPOI~1/new.toml", "endpoint\u017f/new.toml",
    "environments/staging/m.toml", "ENVIRO~2/staging/m.toml", "environments. /x",
    "models/m/retired.toml", "models/m/manifest.toml", "models/a/b/model.toml", "Models/m/RETIRED.TOML",
    "models/m/other.toml", "model\u017f/m/manifest.toml", "models/m/manifest.toml ", "models/m/manifest.toml::$DATA",
    ".mailmap", "sub/.LFSCONFIG", ".gitmodules", ".gitattributes", ".gitignore", ".gitlab-ci.yml", ".github/workflows/ci.yml", ".GITHUB/workflows/x",
    "sub/.gitattributes", ".git\u200bmodules", "\uff0egithub/x", "GITMOD~1", "gi7eba~1", "GITHUB~1/workflows/ci.yml",
    "git~1/hooks/x",
]  # fmt: skip
FREE = [
    "model.bin", "models/m/model.safetensors", "models/m", "models", "weights/models/m/manifest.toml", "data/endpoints/x",
    "my.github/x", "github/x", "git/x", "regolo/config.toml", "configs/model.toml", "manifest.toml", "a~1/b",
]  # fmt: skip


def manifest(path: str, files: str = "") -> str:
    kind = "directory" if files else "file"
    return (
        f'format = 1\nmodel = "m"\nversion = "1.0"\n\n[artifact]\nkind = "{kind}"\npath = "{path}"\n'
        f'digest = "sha256:{"a" * 64}"\nsize = 1\nrecipe = "blake3:{"b" * 64}"\n{files}'
    )


@pytest.mark.parametrize("path", PLACES)
def test_no_artifact_has_a_place_of_git_or_of_records(path: str) -> None:
    with pytest.raises(InvalidInput, match="is a place of git or of the registry's records"):
        check_place(path)
    with pytest.raises(IntegrityError):
        Manifest.parse(manifest(path))


@pytest.mark.parametrize("path", FREE)
def test_every_other_place_is_free(path: str) -> None:
    assert check_place(path) == path
    assert Manifest.parse(manifest(path)).artifact.path == path


@pytest.mark.parametrize(
    "member", ["manifest.toml", "sub/Model.toml", "retired.toml", "evaluations.toml", "Labels.toml"]
)
def test_a_directory_among_the_models_holds_no_record(member: str) -> None:
    files = f'\n[files]\n"{member}" = {{ size = 1, sha256 = "{"c" * 64}" }}\n'
    with pytest.raises(IntegrityError, match="registry's records"):
        Manifest.parse(manifest("models/m", files))
    assert Manifest.parse(manifest("weights", files)).files


@pytest.mark.parametrize("member", [".gitattributes", ".github/x", "endpoints/e.toml", ".regolo/config.toml"])
def test_a_directory_may_hold_the_files_of_another_repository_but_not_at_the_top(member: str) -> None:
    check_members("weights", [member])
    check_members("models/m", [member])
    check_members(None, [member])
    with pytest.raises(InvalidInput):
        check_members("", [member])
