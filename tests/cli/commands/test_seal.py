"""`git regolo seal`: what changed is shown, and sealed only on a yes."""

import re
from pathlib import Path

from support.command_line import Regolo
from support.git_program import git

PATH = "models/m/manifest.toml"


def edit(top: Path, old: str, new: str) -> None:
    text = (top / PATH).read_text()
    assert old in text
    (top / PATH).write_text(text.replace(old, new))


def test_a_right_seal_is_left_alone(regolo: Regolo, two_versions: Path) -> None:
    before = git(two_versions, "rev-parse", "HEAD")
    done = regolo("seal", "m")
    assert (done.out, "is sealed" in done.err) == ("", True)
    assert git(two_versions, "rev-parse", "HEAD") == before


def test_a_manifest_is_brought_to_its_one_form(regolo: Regolo, two_versions: Path) -> None:
    good = (two_versions / PATH).read_bytes()
    first, second, *rest = good.decode().splitlines(keepends=True)
    for odd in (good.replace(b"\n", b"\r\n"), "".join([second, first, *rest]).encode()):
        (two_versions / PATH).write_bytes(odd)
        assert "is sealed, and its file is not in its one form" in regolo("seal", "m", "--dry-run").err
        assert (two_versions / PATH).read_bytes() == odd
        assert f"  next    git add {PATH}\n" in regolo("seal", "m").err
        assert (two_versions / PATH).read_bytes() == good
    number = b'version = "1.1"\n'
    (two_versions / PATH).write_bytes(odd.replace(number, number + b'description = "by hand"\n'))
    git(two_versions, "add", PATH)
    assert "hint: git regolo seal m\n" in regolo("hook", "manifest", status=8).err
    git(two_versions, "commit", "-q", "-m", "sorted otherwise")
    assert "Note: its manifest is not in its one form" in regolo("review", "HEAD~1..HEAD").out


def test_the_branch_is_sealed_by_a_commit(regolo: Regolo, two_versions: Path) -> None:
    edit(two_versions, 'version = "1.1"', 'version = "1.2"')
    edit(two_versions, "accuracy = 0.92", "accuracy = 0.95")
    git(two_versions, "commit", "-qam", "by hand")
    assert regolo("tag", "--merged", status=5).err.endswith("hint: git regolo seal m\n")
    for refused in (regolo("seal", "m", status=4), regolo("seal", "m", "--dry-run")):
        assert '  version  "1.1" -> "1.2"\n' in refused.err
        assert "  metrics.accuracy  0.92 -> 0.95\n" in refused.err
    regolo("tag", "--merged", status=5)
    done = regolo("seal", "m", "--yes", "--json").document
    assert isinstance(done, dict)
    assert (done["sealed"], done["since"], done["commit"]) == (
        True,
        "1.1",
        git(two_versions, "rev-parse", "HEAD").strip(),
    )
    assert "Regolo-Action: seal" in git(two_versions, "log", "-1", "--format=%B")
    assert regolo("tag", "--merged").out == "m@v1.2\n"


def test_a_file_that_was_edited_is_sealed_for_the_user_to_commit(regolo: Regolo, two_versions: Path) -> None:
    edit(two_versions, 'version = "1.1"', 'version = "1.2"')
    before = git(two_versions, "rev-parse", "HEAD")
    assert f"git add {PATH}" in regolo("seal", "m", "--yes").err
    assert git(two_versions, "rev-parse", "HEAD") == before
    git(two_versions, "commit", "-qam", "by hand")
    assert regolo("tag", "--merged").out == "m@v1.2\n"


def test_a_conflict_of_a_rebase_is_sealed_in_the_file(regolo: Regolo, two_versions: Path) -> None:
    for branch, value in (("one", "0.7"), ("two", "0.9")):
        git(two_versions, "switch", "-qc", branch, "main")
        regolo("commit", "m", "--from", "1.0", "--metric", f"f1={value}")
    git(two_versions, "rebase", "one", check=False)
    ours = git(two_versions, "show", f"one:{PATH}")
    (two_versions / PATH).write_text(ours.replace("f1 = 0.7", "f1 = 0.8"))
    assert "git add" in regolo("seal", "m", "--yes").err
    git(two_versions, "add", PATH)
    git(two_versions, "-c", "core.editor=true", "rebase", "--continue")
    assert "f1 = 0.8" in git(two_versions, "show", f"two:{PATH}")
    assert "is sealed" in regolo("seal", "m").err


def test_line_ends_and_the_order_of_keys_are_no_matter(regolo: Regolo, two_versions: Path) -> None:
    text = (two_versions / PATH).read_text()
    keys = re.search(r"(?ms)^\[artifact\]\n(.*?)\n\n", text)
    assert keys
    shuffled = text.replace(keys[1], "\n".join(reversed(keys[1].splitlines())))
    (two_versions / PATH).write_bytes(shuffled.replace("\n", "\r\n").encode())
    git(two_versions, "-c", "core.autocrlf=false", "commit", "-qam", "by hand")
    assert "is sealed" in regolo("seal", "m").err
    assert regolo("fsck").out == ""


def test_a_wrong_digest_is_found_before_the_tag(regolo: Regolo, two_versions: Path) -> None:
    edit(two_versions, 'version = "1.1"', 'version = "1.2"')
    digest = re.findall(r"sha256:[0-9a-f]{64}", (two_versions / PATH).read_text())[0]
    edit(two_versions, digest, f"sha256:{'0' * 64}")
    git(two_versions, "commit", "-qam", "by hand")
    for command in (["tag", "--merged"], ["fsck"]):
        done = regolo(*command, status=5)
        assert "two versions were mixed in a merge, or it was edited" in done.out + done.err
    assert f'  artifact.digest  "{digest}" -> "sha256:0000' in regolo("seal", "m", "--yes").err
    assert f"rebuilds '{digest}', not 'sha256:0000" in regolo("tag", "--merged", status=5).err
    assert git(two_versions, "tag").split() == ["m@v1.0", "m@v1.1"]


def test_unknown_keys_survive_and_some_are_sealed(regolo: Regolo, two_versions: Path) -> None:
    edit(two_versions, "[metadata]", "[later]\nkey = 1\n\n[metadata]")
    git(two_versions, "commit", "-qam", "outside the seal")
    assert "is sealed" in regolo("seal", "m").err
    edit(two_versions, 'version = "1.1"', 'version = "1.2"')
    edit(two_versions, 'kind = "file"', 'kind = "file"\nlater = "kept"')
    regolo("seal", "m", "--yes")
    text = (two_versions / PATH).read_text()
    assert 'later = "kept"' in text
    assert "[later]\nkey = 1\n" in text


def test_unreadable_records_are_named(regolo: Regolo, two_versions: Path) -> None:
    whole = (two_versions / PATH).read_text()
    for content, what in (
        (f"\ufeff{whole}", "byte order mark"),
        (f"<<<<<<< HEAD\n{whole}", "not valid TOML"),
        (f'{whole}\n[metadata.big]\nx = "{"x" * (10 << 20)}"\n', "larger than"),
    ):
        (two_versions / PATH).write_text(content)
        assert what in regolo("seal", "m", status=5).err
    assert "no manifest" in regolo("seal", "other", status=3).err
