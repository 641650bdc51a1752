"""Names and paths: what is allowed to the last character, and what git or another system would refuse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.records.names import (
    check_artifact_path,
    check_endpoint_name,
    check_environment_name,
    check_message,
    check_model_name,
    check_text,
)


@pytest.mark.parametrize(
    "name",
    ["m", "0", "nlp/bert-base_v2.1", "a.b", "x" * 200, "com", "console", "lpt10", "toml", "a/toml", "git", "a..".strip(".")],
)  # fmt: skip
def test_a_model_name_that_is_safe_everywhere_is_returned(name: str) -> None:
    assert check_model_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "M", "é", "a b", "-a", "a-", ".a", "a.", "_a", "a_", "a/", "/a", "a//b", "a..b", "a@", "@b", "a\n", "x" * 201,
        "a.toml", "a.lock", "a.git", "a/b.lock/c", "con", "prn", "aux", "nul", "com0", "com9", "lpt0", "lpt9",
        "a/nul", "con.x", "com1.tar.gz",
    ],
)  # fmt: skip
def test_any_other_model_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="model name"):
        check_model_name(name)


def test_a_version_is_not_the_name_of_a_model() -> None:
    with pytest.raises(InvalidInput, match=r"'a@1\.0' names a version, and a model is required"):
        check_model_name("a@1.0")


def test_an_endpoint_is_named_by_one_part() -> None:
    assert check_endpoint_name("x" * 200) == "x" * 200
    for name in ("a/b", "A", "nul", "x" * 201, ""):
        with pytest.raises(InvalidInput, match="endpoint name") as caught:
            check_endpoint_name(name)
        assert caught.value.hint is None or "without '/'" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["staging", "a", "pre-production-eu", "x" * 64, "latest-one"])
def test_an_environment_is_named_by_words(name: str) -> None:
    assert check_environment_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "latest", "Staging", "a1", "a--b", "-a", "a-", "a_b", "a/b", "x" * 65, "a\n"]
)
def test_any_other_environment_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="environment name"):
        check_environment_name(name)


@pytest.mark.parametrize(
    "path",
    [
        "a", "a/b/c.bin", ".hidden/x", "a b", "é/ü", "-x", "git", "gitx", "git~2", "x.git", ".gitignore", ".git2", "..a",
        "a..", "...", "a:b", "\u200ba",
    ],
)  # fmt: skip
def test_a_path_that_git_could_hold_is_returned(path: str) -> None:
    assert check_artifact_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\nb", "a\x7fb", "a\x85b", "a\ud800",
        ".git", ".GIT/config", "a/.git/b", ".git.", ".git ", ".git. .", "git~1", "GIT~1/x", ".git::$INDEX",
        ".g\u200cit", "\ufeff.git",
    ],
)  # fmt: skip
def test_a_path_that_leaves_or_enters_git_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="path"):
        check_artifact_path(path)


@given(st.text("ab.-_/", min_size=1, max_size=8))
def test_a_plain_path_is_judged_by_its_parts(path: str) -> None:
    plain = all(part not in ("", ".", "..") for part in path.split("/"))
    try:
        assert check_artifact_path(path) == path
    except InvalidInput:
        assert not plain
    else:
        assert plain


def test_text_is_text_and_nothing_like_it() -> None:
    assert check_text("'version'", "1.10") == "1.10"
    with pytest.raises(TypeError, match=r"'version'.*1\.1"):
        check_text("'version'", 1.1)


def test_a_message_is_what_git_can_store() -> None:
    assert check_message("a\nb é\t") == "a\nb é\t"
    for message in ("a\0b", "a\udfff", "\ud800"):
        with pytest.raises(InvalidInput):
            check_message(message)
