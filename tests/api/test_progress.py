"""Progress of functions that move bytes: a callback, or a line on standard error."""

from pathlib import Path
from typing import Any, cast

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.api import progress as progress_module
from regolo_git.artifacts.progress import Progress

SIZE = 300_000


def test_a_callback_gets_the_bytes(registry: Registry, tmp_path: Path) -> None:
    for call in (
        lambda tell: registry.register_model("m", bytes(SIZE), progress=tell),
        lambda tell: registry.create_model_version("m", model_data=b"1" * SIZE, progress=tell),
        lambda tell: registry.log_model("m", b"2" * SIZE, progress=tell),
        lambda tell: registry.checkout_model_version("m", "1.1", tmp_path / "m", progress=tell),
        lambda tell: registry.get_model_version("m@1.0").checkout(tmp_path / "n", progress=tell),
    ):
        seen: list[Progress] = []
        call(seen.append)
        assert seen[-1].done == SIZE
        assert seen[-1].total in (SIZE, None)
        assert [one.done for one in seen] == sorted(one.done for one in seen)


def test_a_promotion_counts_what_it_verifies(registry: Registry) -> None:
    registry.register_model("m", bytes(SIZE))
    top = registry.handle.paths.top
    (top / ".git/regolo/files.sqlite").unlink()
    seen: list[Progress] = []
    with Registry.open(top) as again:
        again.promote_model_version("m", "1.0", "staging", progress=seen.append)
    assert seen[-1].done == SIZE


def test_a_callback_that_raises_stops_the_call_and_nothing_is_created(registry: Registry) -> None:
    def stop(_: Progress) -> None:
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        registry.register_model("m", bytes(SIZE), progress=stop)
    assert git(registry.handle.paths.top, "tag") == ""
    assert registry.register_model("m", bytes(SIZE)).latest.version == "1.0"


def test_true_writes_a_line(
    registry: Registry, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register_model("m", bytes(SIZE), progress=True)
    assert capsys.readouterr().err == ""  # it was done at once
    monkeypatch.setattr(progress_module, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(progress_module, "SECONDS_APART", 0.0)
    registry.log_model("m", b"1" * SIZE, progress=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("\rstoring m: ")
    assert "300 kB" in printed.err
    assert printed.err.endswith("\n")


@pytest.mark.parametrize("wrong", ["yes", 1.0])
def test_anything_else_is_a_type_error(registry: Registry, wrong: object) -> None:
    with pytest.raises(TypeError, match="progress must be a function, True or None"):
        registry.register_model("m", b"one", progress=cast(Any, wrong))
    assert registry.list_models() == []
