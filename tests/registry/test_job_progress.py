"""A job over several artifacts says how far all of it is: absolute bytes that never fall, of one total."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support.git_program import git
from support.model_files import write_safetensors

from regolo_git.api import Registry
from regolo_git.artifacts.progress import OnProgress, Progress
from regolo_git.maintenance.fsck.fsck import check_registry
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.checkout import checkout_head
from regolo_git.registry.versions.merged import tag_merged
from regolo_git.registry.versions.status import work_status

Job = Callable[[Handle, OnProgress], object]
JOBS: dict[str, Job] = {
    "status": lambda handle, tell: work_status(handle, on_progress=tell),
    "checkout": lambda handle, tell: checkout_head(handle, force=True, on_progress=tell),
    "tag --merged": lambda handle, tell: tag_merged(handle, on_progress=tell),
    "fsck": lambda handle, tell: check_registry(handle, on_progress=tell),
    "fsck --full": lambda handle, tell: check_registry(handle, full=True, on_progress=tell),
}


@pytest.fixture
def two_models(registry: Registry, git_repository: Path) -> int:
    """The bytes of two models whose files lie in the work tree."""
    paths = [
        write_safetensors(git_repository / f"{name}.safetensors", {name: bytes(200_000)}) for name in "ab"
    ]
    for path in paths:
        registry.register_model(path.stem, path)
    return sum(path.stat().st_size for path in paths)


@pytest.mark.parametrize("name", JOBS)
def test_the_progress_of_a_job_over_two_models_is_that_of_one_job(
    two_models: int, git_repository: Path, name: str
) -> None:
    if name == "tag --merged":
        git(git_repository, "tag", "-d", "a@v1.0", "b@v1.0")
    if name == "checkout":
        for path in git_repository.glob("*.safetensors"):
            path.unlink()
    steps: list[Progress] = []
    with closing(Handle.open(git_repository, {})) as handle:
        JOBS[name](handle, steps.append)
    done = [step.done for step in steps]
    assert len(steps) > 1
    assert done == sorted(done)
    assert {step.total for step in steps} == {two_models}
    assert done[-1] == two_models
