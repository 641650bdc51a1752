"""Exchange where there is no git program: the same, by the library."""

import pytest
from support.clones import Team, pushed, status
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict
from regolo_git.registry.sync.pull import pull


def test_an_overtaken_push_without_git(
    team: Team, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = team.clone("ours"), team.clone("theirs")
    theirs.create_model_version("m", model_data=b"theirs")
    pushed(theirs)
    ours.create_model_version("m", model_data=b"ours")
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
        assert [(v.before, v.version) for v in pushed(ours).versions] == [("1.1", "1.2")]
    assert team.numbers("m") == ["1.0", "1.1", "1.2"]
    assert status(ours) == "## main...origin/main"
    theirs.create_model_version("m", model_data=b"theirs, next")
    pushed(theirs)
    manifest = ours.handle.paths.top / "models/m/manifest.toml"
    before = manifest.read_text()
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path_factory.mktemp("empty")))
        manifest.write_text(before + "# mine\n")
        with Registry.open(ours.handle.paths.top) as opened, pytest.raises(Conflict, match="in the way"):
            pull(opened.handle)
        assert manifest.read_text() == before + "# mine\n"
        manifest.write_text(before)
        with Registry.open(ours.handle.paths.top) as opened:
            assert pull(opened.handle).branches == ("main",)
    assert status(ours) == "## main...origin/main"
    assert git(ours.handle.paths.top, "tag", "-l").split() == ["m@v1.0", "m@v1.1", "m@v1.2", "m@v1.3"]
