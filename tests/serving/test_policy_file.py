"""The operator's policy file: read whole or refused, and never from the repository that it governs."""

from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput, NotFound, PolicyRefused, RegoloError
from regolo_git.serving.policy import Policy
from regolo_git.serving.policy_file import default_policy_path, load_policy


@pytest.fixture
def policy(tmp_path: Path):
    def read(text: str) -> Policy:
        path = tmp_path / "serving.toml"
        path.write_text(text)
        return load_policy(path)

    return read


def test_a_server_of_the_operators(policy) -> None:
    (server,) = policy('[backends."m@1.0"]\nurls = ["http://127.0.0.1:9000/"]\n').backends.values()
    assert (server.urls, server.model_path, server.idempotent) == (
        ("http://127.0.0.1:9000",),
        "/v2/models/m",
        False,
    )


@pytest.mark.parametrize(
    "text",
    [
        "formats = [",
        'formats = ["pickle"]',
        'formats = "onnx"',
        "formats = [1]",
        'format = ["onnx"]',
        'entry_points = ["serve"]',
        'entry_points = ["os.system(1):x y"]',
        'repository_code = "yes"',
        'environment = "HF_TOKEN"',
        'environment = ["A=B"]',
        'environment = [""]',
        '[gateway]\nhosts = ["http://a.example"]',
        '[gateway]\norigins = ["a.example"]',
        '[gateway]\norigins = ["https://a.example/page"]',
        '[gateway]\nhost = ["a.example"]',
        '[models.m]\nformat = ["python"]',
        "models = 1",
        "[interpreters]\npy = 3",
        '[backends."m@1"]\nurls = []',
        '[backends."m@1"]\nurls = ["file:///etc"]',
        '[backends."m@1"]\nurls = ["http://host/path"]',
        '[backends."m@1"]\nurls = ["http://host"]\nurl = "x"',
        "\x00",
    ],
)
def test_a_policy_that_cannot_be_understood_is_refused_whole(policy, text: str) -> None:
    with pytest.raises(RegoloError) as caught:
        policy(text)
    assert isinstance(caught.value, InvalidInput)


def test_a_policy_is_not_read_from_the_repository_that_it_judges(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    inside = repository / "serving.toml"
    inside.write_text('formats = ["python"]\n')
    link = tmp_path / "link.toml"
    link.symlink_to(inside)
    for path in (inside, link, repository / ".." / "repository" / "serving.toml"):
        with pytest.raises(PolicyRefused):
            load_policy(path, outside=repository)
    with pytest.raises(NotFound):
        load_policy(tmp_path / "nowhere.toml")


def test_the_policy_is_looked_for_in_the_users_configuration() -> None:
    assert default_policy_path({"XDG_CONFIG_HOME": "/c"}) == Path("/c/regolo/serving.toml")
    assert default_policy_path({}) == Path.home() / ".config/regolo/serving.toml"
