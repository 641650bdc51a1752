"""The operator's policy: data by default, more only where it says so, and nothing that it might have meant."""

from pathlib import Path

import pytest

from regolo_git.errors import PolicyRefused
from regolo_git.records.serving_block import ServingBlock
from regolo_git.serving.policy import Policy, trusted_line
from regolo_git.serving.policy_file import load_policy

CODE = ServingBlock(format="python", entry_point="serve:load")


@pytest.fixture
def policy(tmp_path: Path):
    def read(text: str) -> Policy:
        path = tmp_path / "serving.toml"
        path.write_text(text)
        return load_policy(path)

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


@pytest.mark.parametrize("name", ["a.B", "operator's.Own", 'odd"name'])
def test_the_line_that_trusts_types_can_be_pasted(policy, name: str) -> None:
    (trusted,) = policy(trusted_line([name])).permit("m", ServingBlock("skops")).trusted_types
    assert trusted == name
