"""Versions, references and tag names."""

import pytest
import support.strategies as records
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.git.tag_columns import sort_key
from regolo_git.records.digests import Digest, directory_digest
from regolo_git.records.endpoint import check_traffic
from regolo_git.records.names import check_artifact_path, check_model_name
from regolo_git.records.references import Reference
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version, next_version, parse_tag_name, tag_name

# From the specification of SemVer 2.0.0, section 11.
PRECEDENCE = [
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
    "1.0.0", "2.0.0", "2.1.0", "2.1.1",
]  # fmt: skip


def test_precedence_is_that_of_semver() -> None:
    versions = [Version.parse(text) for text in PRECEDENCE]
    versions.reverse()
    assert sorted(versions) == versions[::-1]


@given(records.versions, records.versions)
def test_the_sort_key_orders_as_the_versions_do(a: Version, b: Version) -> None:
    assert (a < b) == (sort_key(a) < sort_key(b))
    assert (a == b) == (sort_key(a) == sort_key(b))


@given(records.versions, st.booleans())
def test_a_version_reads_back_from_either_form(version: Version, zero_patch: bool) -> None:
    assert Version.parse(version.text(zero_patch=zero_patch)) == version


@pytest.mark.parametrize("text", ["1.0", "1.0.0", "v1.0", "1.0.0+cu121"])
def test_one_version_has_many_spellings(text: str) -> None:
    assert Version.parse(text).identity == "1.0.0"


@pytest.mark.parametrize(
    "text",
    ["", "1", "01.0", "1.0.0.0", "1.0-", "1.0-01", "latest-1.0", "Prod-1.0", "1.0+", "1.0 ", "١.٠", "-1.0"],
)
def test_an_invalid_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Version.parse(text)


@pytest.mark.parametrize(
    ("existing", "bump", "following"),
    [
        ([], "minor", "1.0"),
        (["1.0"], "minor", "1.1"),
        (["1.0", "1.1.1"], "minor", "1.2"),
        (["1.9", "1.10"], "minor", "1.11"),
        (["1.0"], "patch", "1.0.1"),
        (["1.0"], "major", "2.0"),
        (["1.4", "2.0-rc.1"], "minor", "1.5"),
        (["2.0-rc.1"], "minor", "2.0"),
        (["1.0", "prod-3.0"], "minor", "1.1"),
    ],
)
def test_the_next_version_follows_the_highest_release(existing: list[str], bump: str, following: str) -> None:
    found = next_version([Version.parse(text) for text in existing], bump)  # type: ignore[arg-type]
    assert found.text(zero_patch=False) == following


@given(records.paths, records.versions)
def test_a_tag_name_says_model_and_version(model: str, version: Version) -> None:
    text = version.identity
    assert parse_tag_name(tag_name(model, text)) == (model, text)


@pytest.mark.parametrize("name", ["m", "m@", "@v1.0", "m@1.0", "m#prod", "v1.0", "m@v1.0!"])
def test_other_tags_are_not_ours(name: str) -> None:
    assert parse_tag_name(name) is None


def test_references_read_as_people_type_them() -> None:
    assert Reference.parse("team/m").latest
    assert Reference.parse("m@latest").latest
    assert Reference.parse("m@production").environment == "production"
    assert Reference.parse("m@v1.1").version == Version.parse("1.1.0")
    assert str(Reference.parse("m@prod-1.0")) == "m@prod-1.0"
    for wrong in ("", "@1.0", "m@", "m@1", "M@1.0", "m@1.0@2.0"):
        with pytest.raises(InvalidInput):
            Reference.parse(wrong)


@pytest.mark.parametrize("name", ["a", "nlp/sentiment", "a.b-c_d", "0", "console", "x" * 200])
def test_plain_names_are_taken(name: str) -> None:
    assert check_model_name(name) == name


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "a/.GIT/x",
        "git~1/x",
        ".git./x",
        ".g\u200cit/x",
        "../x",
        "/x",
        "a//b",
        "a\\b",
        "a\n",
        ".",
        "",
    ],
)
def test_paths_that_could_hurt_are_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        check_artifact_path(path)


def test_the_digest_of_a_directory_is_what_the_shell_computes() -> None:
    # printf 'a' > b; printf 'b' > a.txt; find -type f -printf '%P\0' | sort -z | xargs -0 sha256sum | sha256sum
    files = [
        ("b", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("a.txt", "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"),
    ]
    assert directory_digest("sha256", files) == directory_digest("sha256", reversed(files))
    assert str(directory_digest("sha256", files)).startswith("sha256:")


def test_a_tag_message_reads_back_also_when_it_is_signed() -> None:
    message = TagMessage("first", "m", "1.0", "b" * 40, Digest("sha256", "a" * 64), 3)
    assert TagMessage.parse(message.to_text()) == message
    signed = message.to_text() + "-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n"
    assert TagMessage.parse(signed) == message
    assert TagMessage.parse("Registering artifact m version v1.0.0\n") is None


@pytest.mark.parametrize(
    "weights", [{"1.0": 0.9, "1.1": 0.1}, {"1.0": 90, "1.1": 10}, {"1.0": 1 / 3, "1.1": 2 / 3}]
)
def test_shares_and_percents_are_one_thing(weights: dict[str, float]) -> None:
    assert sum(check_traffic(weights).values()) == pytest.approx(1)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"1.0": 0.9, "1.1": 0.2},
        {"1.0": -1, "1.1": 2},
        {"1.0": float("nan")},
        {"1.0": 0.5, "1.0.0": 0.5},
        {"x": 1},
    ],
)
def test_a_split_that_does_not_add_up_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        check_traffic(weights)


@pytest.mark.parametrize(
    "subject", ["", "  ", "-----BEGIN PGP SIGNATURE-----", "\n-----BEGIN SSH SIGNATURE-----\n"]
)
def test_a_subject_that_would_hide_the_trailers_is_left_out(subject: str) -> None:
    message = TagMessage(subject, "m", "1.0", "b" * 40, Digest("sha256", "a" * 64), 3)
    read = TagMessage.parse(message.to_text())
    assert read is not None
    assert (read.subject, read.version) == ("m@1.0", "1.0")


@pytest.mark.parametrize(
    ("text", "reason", "instead"),
    [
        ("2024.01.05", "its numbers have leading zeros", "2024.1.5"),
        ("v1.02", "its numbers have leading zeros", "1.2"),
        ("2024.10.1.2", "it has 4 parts, not two or three", "2024.10.1-2"),
        (
            "2024.01.05.07",
            "its numbers have leading zeros and it has 4 parts, not two or three",
            "2024.1.5-7",
        ),
        ("1.2.3.4.5-rc.1+b", "it has 5 parts, not two or three", "1.2.3-4.5.rc.1+b"),
        ("prod-01.0", "its numbers have leading zeros", "prod-1.0"),
        ("7", "it has 1 part, not two or three", "7.0"),
    ],
)
def test_a_nearly_valid_version_gets_a_suggestion(text: str, reason: str, instead: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Version.parse(text)
    assert caught.value.message == f"'{text}' is not a version: {reason}"
    assert caught.value.hint == f"write it as {instead}"
    Version.parse(instead)


@pytest.mark.parametrize(
    "text", ["", "one", "1.x", "1..2", "-1.0", "1.0-", "1.0-01", "1.0 ", "0" * 40 + "." + "9" * 40]
)
def test_any_other_text_is_only_told_how_versions_look(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Version.parse(text)
    assert caught.value.hint == "write a version as 1.0, 1.2.3, 2.0.0-rc.1 or staging-1.0"
