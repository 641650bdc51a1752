"""The digest of what people hand in: each file is read once, and not again while it stays the same."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.artifact_files import bytes_read

from regolo_git.artifacts.path_digest import digest_of, digests_of
from regolo_git.artifacts.progress import Progress
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.digests import artifact_digest


def test_it_equals_the_exact_digest_without_links(model: Path) -> None:
    from regolo_git.artifacts.disk_digest import disk_digest

    assert digest_of(model, algorithm="sha256") == disk_digest(model, "sha256")
    assert digest_of(model / "config.json", algorithm="blake3") == disk_digest(
        model / "config.json", "blake3"
    )


def test_unchanged_files_are_not_read_again_and_count_as_found(
    model: Path, cache: StatCache, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    first = digest_of(model, algorithm="sha256", cache=cache)
    before, steps = bytes_read(), list[Progress]()
    digests = digests_of(model, algorithm="sha256", cache=cache, on_progress=steps.append)
    assert artifact_digest("sha256", digests) == first
    assert bytes_read() - before < 100_000
    assert steps[-1] == Progress(size, size, found=size)


def test_a_changed_file_alone_is_read(
    model: Path, cache: StatCache, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    first = digest_of(model, algorithm="sha256", cache=cache)
    (model / "config.json").write_text("{}")
    before = bytes_read()
    assert digest_of(model, algorithm="sha256", cache=cache) != first
    assert bytes_read() - before < 100_000


def test_missing_and_unstorable_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        digest_of(tmp_path / "gone", algorithm="sha256")
    with pytest.raises(InvalidInput):
        digest_of(tmp_path, algorithm="sha256")  # it is empty
