"""The operator's policy: data by default, more only where it says so, and nothing that it might have meant."""

from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput, NotFound, PolicyRefused, RegoloError
from regolo_git.records.serving_block import ServingBlock
from regolo_git.serving.policy import Policy, default_policy_path

CODE = ServingBlock(format="python", entry_point="serve:load")


@pytest.fixture
def policy(tmp_path: Path):
    def read(text: str) -> Policy:
        path = tmp_path / "serving.toml"
        path.write_text(text)
        return Policy.load(path)

    return read


def test_an_empty_policy_allows_data_and_no_code(policy) -> None:
    for allowed in (policy(""), Policy()):
        for name in ("onnx", "skops"):
            permission = allowed.permit("m", ServingBlock(format=name))
            assert (permission.trusted_types, permission.repository_code) == ((), False)
        for block in (CODE, ServingBlock(format="mlflow")):
            with pytest.raises(PolicyRefused, match="is not allowed"):
                allowed.permit("m", block)
        with pytest.raises(PolicyRefused, match="code that the operator has not allowed"):
            allowed.permit("m", ServingBlock(format="safetensors", entry_point="serve:load"))


def test_some_models_may_do_more(policy) -> None:
    allowed = policy(
        '[models."nlp/*"]\nformats = ["python"]\nrepository_code = true\ntrusted_types = ["a.B"]\n'
    )
    permission = allowed.permit("nlp/sentiment", CODE)
    assert (permission.repository_code, permission.trusted_types) == (True, ("a.B",))
    assert allowed.permit("nlp/x", ServingBlock(format="onnx")).trusted_types == ("a.B",)
    for other in ("nlp", "vision/nlp", "NLP/x"):
        with pytest.raises(PolicyRefused):
            allowed.permit(other, CODE)


def test_a_callable_of_the_operators_is_never_taken_from_the_version(policy) -> None:
    allowed = policy('formats = ["python"]\nrepository_code = true\nentry_points = ["serve:load"]\n')
    assert allowed.permit("m", CODE).repository_code is False


def test_an_interpreter_is_a_name_that_the_operator_gives_a_path(policy) -> None:
    allowed = policy('[interpreters]\npy312 = "/opt/py312/bin/python"\n')
    block = ServingBlock(format="onnx", interpreter="py312")
    assert allowed.permit("m", block).interpreter == Path("/opt/py312/bin/python")
    with pytest.raises(PolicyRefused, match="'/bin/sh'"):
        allowed.permit("m", ServingBlock(format="onnx", interpreter="/bin/sh"))


def test_the_command_line_adds_to_the_policy(policy) -> None:
    allowed = policy('formats = ["onnx"]').allow(formats=["mlflow"], repository_code=["m"])
    assert allowed.permit("m", CODE).repository_code is True
    assert allowed.permit("other", ServingBlock(format="mlflow"))
    for model, block in (("other", CODE), ("m", ServingBlock(format="skops"))):
        with pytest.raises(PolicyRefused):
            allowed.permit(model, block)


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
            Policy.load(path, outside=repository)
    with pytest.raises(NotFound):
        Policy.load(tmp_path / "nowhere.toml")


def test_the_policy_is_looked_for_in_the_users_configuration() -> None:
    assert default_policy_path({"XDG_CONFIG_HOME": "/c"}) == Path("/c/regolo/serving.toml")
    assert default_policy_path({}) == Path.home() / ".config/regolo/serving.toml"
