"""`git regolo status`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def test_status_holds_the_work_tree_against_the_commit(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("status").lines[-1].split() == ["m@1.1", "unchanged", "model.safetensors"]
    write_model(two_versions / "model.safetensors", 3)
    assert "  next    git regolo commit m\n" in regolo("status").err
    assert regolo("status", "--plain").out == "m@1.1\tmodified\ttagged\tmodel.safetensors\t\n"
    (two_versions / "model.safetensors").unlink()
    document = regolo("status", "--json").document
    assert document["models"][0]["state"] == "missing"
    assert document["branch"] == "main"


def test_a_number_that_another_version_got_is_not_a_tag_of_this_one(
    regolo: Regolo, two_versions: Path
) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "--propose")
    proposed = git(two_versions, "for-each-ref", "--format=%(refname:short)", "refs/heads/propose").strip()
    write_model(two_versions / "model.safetensors", 4)
    regolo("commit", "m")  # is 1.2, as the proposal
    git(two_versions, "switch", "-q", proposed)
    (two_versions / "model.safetensors").unlink()
    done = regolo("status")
    assert done.lines[-1].split() == ["m@1.2", "missing", "model.safetensors", "untagged"]
    assert "  next    git regolo checkout\n" in done.err  # `checkout m@1.2` would bring other bytes


def test_status_names_the_files_of_a_directory_that_changed(regolo: Regolo, registry: Path) -> None:
    place = registry / "m"
    (place / "sub").mkdir(parents=True)
    for number in range(210):
        (place / f"part-{number:03}").write_text(str(number))
    (place / "sub" / "a").write_text("a")
    regolo("register", "m", "m")
    assert regolo("status", "--json").document["models"][0]["files"] is None
    for number in range(7):
        (place / f"part-{number:03}").write_text("changed")
    (place / "sub" / "a").unlink()
    (place / "x").write_text("new")
    lines = regolo("status").lines
    assert lines[lines.index("m/") + 1 :] == [
        "  modified  part-000, part-001, part-002, part-003, part-004 and 2 more",
        "  new       x",
        "  deleted   sub/a",
    ]
    files = regolo("status", "--json").document["models"][0]["files"]
    assert {kind: len(paths) for kind, paths in files.items()} == {"changed": 7, "added": 1, "removed": 1}


def test_status_knows_the_bytes_of_another_version(regolo: Regolo, two_versions: Path) -> None:
    regolo("checkout", "m@1.0")
    assert "contains 1.0" in regolo("status").out
    assert regolo("status", "--json").document["models"][0]["holds"] == "1.0"


def test_one_command_commits_or_restores_several_models(regolo: Regolo, registry: Path) -> None:
    for name in "ab":
        (registry / name).write_text(name)
        regolo("register", name, name)
        (registry / name).unlink()
    assert regolo("status").err == "  next    git regolo checkout\n"
    assert len(regolo("checkout").lines) == 2
    for name in "ab":
        (registry / name).write_text("changed")
    assert regolo("status").err == "  next    git regolo commit\n"
    (registry / "b").unlink()
    assert regolo("status").err == "  next    git regolo commit a\n  next    git regolo checkout b@1.0\n"


def test_a_detached_head_has_to_switch_before_it_commits(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "switch", "-q", "--detach")
    write_model(two_versions / "model.safetensors", 3)
    assert regolo("status").err == "  next    git switch main\n"
    assert "hint: git switch main\n" in regolo("commit", "m", status=4).err
    git(two_versions, "switch", "-q", "main")
    assert regolo("commit", "m").out == "m@1.2\n"
