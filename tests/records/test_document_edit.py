"""People's files are edited in place: one key changes and everything else stays to the byte."""

import pytest

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.document_edit import set_value, unset_value

TEXT = """\
# ours
format = 1   # a number

[store]
digest = "sha256"  # forever

[environments.staging]
# nothing yet
"""


def test_a_key_is_set_where_it_is() -> None:
    found = set_value(TEXT, "store.digest", "blake3")
    assert found == TEXT.replace('"sha256"', '"blake3"')
    assert set_value(TEXT, "format", 2) == TEXT.replace("format = 1", "format = 2")


def test_a_key_is_added_to_its_table_or_with_new_ones() -> None:
    assert 'url = "s3://x"' in set_value(TEXT, "store.url", "s3://x")
    found = set_value(TEXT, "a.b.c", True)
    assert found.startswith(TEXT.rstrip("\n"))
    assert found.endswith("[a.b]\nc = true\n")


def test_a_key_is_taken_out_and_nothing_else() -> None:
    kept = unset_value(TEXT, "store.digest", keep_tables=True)
    assert kept == TEXT.replace('digest = "sha256"  # forever\n', "")
    for key in ("store.url", "nothing", "nothing.at.all", "format.x", "store.digest.x"):
        assert unset_value(TEXT, key) == TEXT
    assert "staging" not in unset_value(TEXT, "environments.staging")


def test_a_table_that_is_left_empty_goes_unless_somebody_wrote_a_comment_there() -> None:
    assert unset_value(TEXT, "store.digest") == TEXT.replace('[store]\ndigest = "sha256"  # forever\n\n', "")
    for table in ("foo.bar = 1\n", "foo = { bar = 1 }\n", "\n[foo]\nbar = 1\n"):
        assert unset_value(f"format = 1\n{table}", "foo.bar").strip() == "format = 1"
    commented = "format = 1\n[foo]\n# why\nbar = 1\n"
    assert unset_value(commented, "foo.bar") == commented.replace("bar = 1\n", "")
    nested = "[foo.a.b]\nx = 1\n\n[foo.c]\ny = 2\n"
    assert unset_value(nested, "foo.a.b.x").strip() == "[foo.c]\ny = 2"


def test_a_key_at_the_top_is_added_below_the_others_and_above_the_comment_of_a_table() -> None:
    found = set_value(TEXT, "owner", "Ada")
    assert found == TEXT.replace("# a number\n", '# a number\nowner = "Ada"\n')
    card = '# card\n\n# metrics\n[metrics.a]\nunit = "%"\n'
    assert set_value(card, "owner", "Ada") == f'owner = "Ada"\n\n{card}'
    assert "owner" in set_value("[[x]]\na = 1\n", "owner", "Ada")
    lines = set_value("format = 1", "description", "first\nsecond")
    assert lines == 'format = 1\ndescription = """\nfirst\nsecond"""\n'


def test_setting_and_unsetting_a_key_restores_the_document() -> None:
    assert unset_value(set_value(TEXT, "store.url", "x"), "store.url") == TEXT


def test_a_key_below_a_value_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"'format' in 'format\.x'"):
        set_value(TEXT, "format.x", 1)


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2\n", "[a]\n[a]\n"])
def test_a_damaged_file_is_not_edited(text: str) -> None:
    with pytest.raises(IntegrityError):
        set_value(text, "b", 1)
    with pytest.raises(IntegrityError):
        unset_value(text, "b")
