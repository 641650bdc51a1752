"""A change of a real registry, reviewed before it is merged."""

import json
import pickle
import re
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import clone, commit_files, git
from support.model_files import write_safetensors
from support.registry_fixtures import Weights

import regolo_git as regolo
from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.reviews.review import Review, review_text

GATES = """
[metrics.accuracy]
direction = "higher"
[gates.accuracy]
min = 0.9
[gates.loss]
max = 2
"""


def plain(review: Review) -> str:
    return review.to_markdown().replace("\u00a0", " ")


@pytest.fixture
def changed(registry: Registry, weights: Weights, once: Once) -> Registry:
    """`m@1.0` on main, and a branch `change` that proposes `m@1.1` there."""
    top = registry.handle.paths.top

    def build() -> None:
        registry.register_model("m", weights(), metadata={"accuracy": 0.95, "loss": 1.0, "license": "mit"})
        card = top / "models/m/model.toml"
        commit_files(top, {"models/m/model.toml": card.read_text() + GATES}, "gates")
        git(top, "switch", "-qc", "change")
        write_safetensors(top / "model.safetensors", {"layer.weight": b"12345678"})
        registry.create_model_version("m", model_data=top / "model.safetensors", metadata={"accuracy": 0.8})

    once(build)
    return registry


def test_a_version_is_judged_by_gates_and_compared(changed: Registry) -> None:
    review = changed.review("main", "change")
    (model,) = review.models
    assert (review.verdict, review.exit_code()) == ("fail", 8)
    assert {gate.name: gate.state for gate in model.gates} == {"accuracy": "fail", "loss": "open"}
    assert model.number is not None
    assert model.number.version == "2.0"
    text = plain(review)
    assert "### Not ready: 1 of 2 gates fails, 1 is open" in text
    assert "**m 1.1** fails **accuracy: 0.8 is below min 0.9**" in text
    assert "Call m **2.0**: tensors were removed or reshaped" in text
    assert "| `layer.weight` | **reshaped** | F32 \\[8, 8\\] → U8 \\[8\\] |" in text
    assert "(`git regolo commit m model.safetensors --propose --version 2.0`)" in text


def test_the_steps_for_a_metric_that_is_missing_can_be_taken(changed: Registry, weights: Weights) -> None:
    """The version has no tag yet, so that nothing can be measured of it later."""
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    card = top / "models/m/model.toml"
    card.write_text(card.read_text() + "\n[gates.gap]\nmax = 1\n[gates.f1]\nmin = 0\nrequired = true\n")
    git(top, "commit", "-qam", "gates")
    text = plain(changed.review("main", "change"))
    again = "git regolo commit m model.safetensors --propose --metric f1=VALUE"
    assert f"m: `f1` was not measured, and is required; `{again}`." in text
    later = "git regolo evaluate m@1.1 --metric gap=VALUE"
    assert f"m: `gap` was not measured, but can be after the merge; `{later}`." in text


def test_weights_in_a_format_that_shows_no_tensors_are_not_called_removed(changed: Registry) -> None:
    changed.create_model_version("m", model_data=b"opaque", metadata={"accuracy": 0.9})
    text = plain(changed.review("main", "change"))
    assert "no tensors that can be read, 1 tensor before" in text
    assert "Call m **2.0**: it has no tensors that can be read any more" in text
    assert "of 0 tensors" not in text
    assert "has no tensors that can be read" in text


def test_nothing_is_checked_out_or_written(changed: Registry) -> None:
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    before = git(top, "status", "--porcelain", "--untracked-files=all"), git(top, "for-each-ref")
    changed.review("main", "change")
    assert (git(top, "status", "--porcelain", "--untracked-files=all"), git(top, "for-each-ref")) == before


def test_a_bare_repository_and_a_fetched_pull_request_can_be_reviewed(
    changed: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = changed.handle.paths.top
    host = clone(top, tmp_path / "host.git", "--bare")
    git(host, "config", "regolo.store", str(top / ".git/regolo/store"))
    git(host, "update-ref", "refs/pull/7/head", "change")
    git(host, "branch", "-D", "change")
    monkeypatch.setenv("REGOLO_REPO", str(host))
    review = regolo.review("main", "refs/pull/7/head")
    assert review.exit_code() == 8
    assert review.to_dict()["verdict"] == "fail"
    regolo.use(None)


def test_without_the_bytes_it_is_not_judged(changed: Registry, tmp_path: Path) -> None:
    with Registry.open(clone(changed.handle.paths.top, tmp_path / "other")) as other:
        git(other.handle.paths.top, "config", "regolo.store", str(tmp_path / "nowhere"))
        (tmp_path / "nowhere").mkdir()
        card = other.handle.paths.top / "models/m/model.toml"
        assert card.exists()
        review = other.review("origin/main", "origin/change")
        codes = {finding.exit_code for _, finding in review.findings}
        assert codes == {6}
        # A gate that fails is certain all the same.
        assert review.exit_code() == 8


def test_what_the_base_changed_meanwhile_is_not_part_of_it(changed: Registry) -> None:
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    changed.register_model("n", b"other")
    review = changed.review("main", "change")
    assert [model.model for model in review.models] == ["m"]


def test_a_number_that_the_base_has_taken_is_wrong(changed: Registry, weights: Weights) -> None:
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    changed.create_model_version("m", model_data=weights(fill=7.0), metadata={"accuracy": 0.99})
    review = changed.review("main", "change")
    assert review.exit_code() == 5
    assert "### Cannot be merged: 1 thing is wrong" in plain(review)
    assert "is taken: tag 'm@v1.1' records other bytes" in review.findings[0][1].what
    text = plain(review)
    assert "git regolo commit m --propose --again --from change" in text
    assert "Call m " not in text  # making it again finds the number


def test_a_mixed_merge_is_wrong(changed: Registry) -> None:
    """The bytes of one version with the metrics of another, as a web editor merges them."""
    top = changed.handle.paths.top
    manifest = git(top, "show", "main:models/m/manifest.toml").replace('"1.0"', '"1.1"')
    commit_files(top, {"models/m/manifest.toml": manifest.replace("0.95", "0.97")})
    review = changed.review("main", "change")
    assert review.exit_code() == 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('digest = "sha256:', 'digest = "sha256:00', "manifest"),
        ("format = 1", "format = 1\nformat = 1", "manifest"),
        ("size = ", "size = 9", "bytes"),
        ('recipe = "blake3:', 'recipe = "blake3:zz', "manifest"),
    ],
    ids=["digest", "twice", "size", "recipe"],
)
def test_a_manifest_edited_by_hand_is_wrong(changed: Registry, old: str, new: str, said: str) -> None:
    top = changed.handle.paths.top
    path = top / "models/m/manifest.toml"
    commit_files(top, {"models/m/manifest.toml": path.read_text().replace(old, new, 1)})
    review = changed.review("main", "change")
    assert review.exit_code() == 5
    assert said in plain(review)


def test_a_step_that_is_no_command_is_a_sentence(changed: Registry) -> None:
    top = changed.handle.paths.top
    manifest = top / "models/m/manifest.toml"
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    git(top, "commit", "-qam", "saved by an editor")
    text = plain(changed.review("main", "change"))
    assert "**Wrong:** 'models/m/manifest.toml': the manifest begins with a byte order mark.\n" in text
    assert "**To do:** (1) Save it as UTF-8 without one.\n" in text


def test_a_change_that_loosens_its_own_gate_is_said_and_not_obeyed(changed: Registry) -> None:
    top = changed.handle.paths.top
    path = top / "models/m/model.toml"
    commit_files(top, {"models/m/model.toml": path.read_text().replace("min = 0.9", "min = 0.5")})
    review = changed.review("main", "change")
    assert review.exit_code() == 8
    assert "loosens its own rule: `gates.accuracy.min` 0.9 → 0.5 in `models/m/model.toml`" in plain(review)
    assert "Judged by main: 0.9." in plain(review)


def test_other_files_of_rules_are_told_in_words(changed: Registry) -> None:
    top = changed.handle.paths.top
    config = (top / ".regolo/config.toml").read_text()
    commit_files(
        top,
        {
            ".regolo/allowed_signers": "eve@example.com ssh-ed25519 AAAA\n",
            ".regolo/config.toml": config.replace("[store]", '[store]\nurl = "s3://elsewhere/x"'),
        },
    )
    text = plain(changed.review("main", "change"))
    assert "loosens its own rule: `eve@example.com` none → signs with ssh-ed25519" in text
    assert "another store is named" in text
    assert "`.regolo/allowed_signers` 1 line added" in text


def test_a_broken_configuration_is_wrong(changed: Registry) -> None:
    commit_files(changed.handle.paths.top, {".regolo/config.toml": "format = 1\n[registry\n"})
    review = changed.review("main", "change")
    assert review.exit_code() == 5
    assert ".regolo/config.toml" in plain(review)


def test_new_and_deleted_models_and_several_versions(changed: Registry, weights: Weights) -> None:
    top = changed.handle.paths.top
    changed.register_model("n", weights("n.safetensors", 3.0))
    changed.create_model_version("m", model_data=weights(fill=5.0), metadata={"accuracy": 0.96, "loss": 1})
    review = changed.review("main", "change")
    assert review.exit_code() == 0
    assert review.verdict == "pass"
    assert "the change also had 1.1; a squash merge keeps and tags 1.2 alone" in plain(review)
    assert "| **n** | none → 1.0 | none | new, " in plain(review)
    git(top, "switch", "-q", "main")
    changed.promote_model_version("m", "1.0", "staging")
    git(top, "switch", "-q", "change")
    git(top, "merge", "-q", "--no-edit", "main")
    git(top, "rm", "-rq", "models/m")
    git(top, "commit", "-qm", "no m")
    text = plain(changed.review("main", "change"))
    assert "| **m** | 1.0 → none | none | deleted |" in text
    assert "it is still promoted to staging" in text


def test_a_manifest_that_is_removed_alone_is_wrong(changed: Registry) -> None:
    top = changed.handle.paths.top
    git(top, "rm", "-q", "models/m/manifest.toml")
    git(top, "commit", "-qm", "no manifest")
    review = changed.review("main", "change")
    assert (review.verdict, review.exit_code()) == ("wrong", 5)
    text = plain(review)
    assert "'models/m/manifest.toml' was removed without the rest of 'models/m' (model.toml)" in text
    assert "Try `git checkout main -- models/m/manifest.toml`." in text


def test_new_and_deleted_models_have_what_was_measured_later(registry: Registry) -> None:
    registry.register_model("m", b"weights", metrics={"accuracy": 0.9})
    registry.evaluate_model_version("m", "1.0", metrics={"fairness": 0.25, "accuracy": 0.95})
    top = registry.handle.paths.top
    git(top, "switch", "-qc", "change")
    git(top, "rm", "-qr", "models/m")
    git(top, "commit", "-qm", "no m any more")
    for base, head in (("main~2", "main"), ("main", "change")):
        review = registry.review(base, head)
        for text in (plain(review), review._repr_html_()):
            assert re.search(r"fairness.*0\.25", text, re.DOTALL), head
            assert re.search(r"accuracy.*0\.95", text, re.DOTALL), head
        (held,) = review.to_dict()["models"]
        assert {name: values[0] for name, values in held["history"].items()} == {
            "accuracy": 0.95,
            "fairness": 0.25,
        }
        compared = registry.compare_revisions(base, head)
        (side,) = [*compared.to_dict()["added"], *compared.to_dict()["removed"]]
        assert side["metrics"] == {"accuracy": 0.95, "fairness": 0.25}
        assert side["measured_later"] == ["accuracy", "fairness"]
        assert "; measured later: accuracy, fairness." in compared._repr_html_()


def test_promotions_and_endpoints_are_told_in_words(changed: Registry) -> None:
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    changed.promote_model_version("m", "1.0", "staging")
    changed.create_endpoint("e", "m", "1.0")
    base = git(top, "rev-parse", "HEAD~2").strip()
    text = plain(changed.review(base, "main"))
    assert "| **staging** | none → 1.0 | 2 pass | m: 1 replica |" in text
    assert (
        "| **e** | none → 1.0 |  | m: new, with the engine local; 0 % → 100 % of its requests to m 1.0 |"
        in text
    )
    path = top / "environments/staging/m.toml"
    commit_files(top, {"environments/staging/m.toml": path.read_text().replace("sha256:", "sha256:f", 1)})
    assert changed.review("main~1", "main").exit_code() == 5


def test_a_promotion_is_judged_as_promote_would(changed: Registry) -> None:
    """By the rules of the base: the environments that come first, and the gates."""
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    config = (top / ".regolo/config.toml").read_text()
    rules = '[environments.production]\nrequires = ["staging"]\n[environments.production.gates]\nmetadata = ["card"]'
    commit_files(top, {".regolo/config.toml": config.replace("\n[environments.production]", f"\n{rules}")})
    changed.promote_model_version("m", "1.0", "staging")
    git(top, "switch", "-qc", "operate")
    staged = (top / "environments/staging/m.toml").read_text()
    commit_files(top, {"environments/production/m.toml": staged.replace('"staging"', '"production"')})
    review = changed.review("main", "operate")
    assert review.exit_code() == 8
    assert [found.gate.label for found in review.gates_in("fail")] == ["production: metadata.card"]
    review = changed.review("main~1", "operate")
    assert "production: metadata.card" in [found.gate.label for found in review.gates_in("fail")]
    assert [place.name for place in review.environments] == ["production", "staging"]


def test_what_is_measured_later_is_judged_by_the_gates(changed: Registry) -> None:
    top = changed.handle.paths.top
    git(top, "switch", "-q", "main")
    changed.evaluate_model_version("m", "1.0", metrics={"accuracy": 0.2})
    review = changed.review("main~1", "main")
    assert review.exit_code() == 8
    assert [found.gate.name for found in review.gates_in("fail")] == ["accuracy"]
    assert "| **m** | 1.0 → 1.0 |" in plain(review)


def test_one_version_is_reviewed_against_what_was_there(changed: Registry) -> None:
    review = review_text(changed.handle, "m@1.0")
    assert review.models[0].change.before is None
    assert "Tag `m@v1.0` is not signed." in plain(review)
    assert review_text(changed.handle, "change").range.base_name == "main"
    alone = review_text(changed.handle, "main")
    assert (alone.models, len(alone.policy)) == ((), 1)
    assert f" against `{alone.range.base_name}`, whose" in plain(alone)
    assert " against `main@" in plain(review_text(changed.handle, "change"))


def test_a_commit_that_is_not_here_is_named_with_its_fetch(changed: Registry, tmp_path: Path) -> None:
    with Registry.open(clone(changed.handle.paths.top, tmp_path / "shallow", "--depth=1")) as shallow:
        with pytest.raises(NotFound) as missing:
            shallow.review("origin/change", "a" * 40)
        assert str(missing.value.hint) == f"git fetch origin {'a' * 40}"
        with pytest.raises(NotFound):
            shallow.review("main", "change")
    for wrong in ("main.....change", "", "a..b..c"):
        with pytest.raises(InvalidInput):
            review_text(changed.handle, wrong)


def test_a_tag_that_is_damaged_stops_no_other_model(changed: Registry) -> None:
    top = changed.handle.paths.top
    changed.register_model("n", b"n", metadata={"a": 1})
    git(top, "tag", "-a", "-m", "x\n\nRegolo-Version: 1.1", "m@v1.1", "main~1")
    review = changed.review("main", "change")
    assert [model.model for model in review.models] == ["m", "n"]


def test_without_a_registry_there_is_nothing_to_review(git_repository: Path) -> None:
    commit_files(git_repository, {"code.py": "1"})
    commit_files(git_repository, {"code.py": "2"})
    with Registry.open(git_repository) as opened, pytest.raises(NotFound, match="registry"):
        opened.review("HEAD~1", "HEAD")


def test_the_change_that_brings_the_registry_can_be_reviewed(git_repository: Path) -> None:
    commit_files(git_repository, {"code.py": "1"})
    git(git_repository, "switch", "-qc", "registry")
    with Registry.init(git_repository) as opened:
        opened.register_model("m", b"one")
        review = opened.review("main", "registry")
    assert [model.model for model in review.models] == ["m"]


def test_a_review_is_a_plain_value(changed: Registry) -> None:
    review = changed.review("main", "change")
    assert pickle.loads(pickle.dumps(review)).to_markdown() == review.to_markdown()
    json.dumps(review.to_dict())


def test_hostile_text_of_a_manifest_is_inert(changed: Registry) -> None:
    from support.rendered import LINKED, Rendered

    top = changed.handle.paths.top
    hostile = "@octocat https://evil.example #1 ~~x~~ $x$ :tada: <img src=x> [l](u) |"
    metadata = {"accuracy": 0.95, "loss": 1, hostile: hostile, "license": hostile}
    changed.create_model_version(
        "m", model_data=b"x" + hostile.encode(), metadata=metadata, description=hostile
    )
    text = changed.review("main", "change").to_markdown()
    rendered = Rendered(text)
    assert rendered.foreign == set()
    assert LINKED.search(rendered.text) is None
    assert top.exists()
    html = changed.review("main", "change").to_html()
    assert "<img" not in html
    assert "&lt;img" in html


def test_of_1500_metrics_the_failing_gates_are_kept(changed: Registry) -> None:
    metrics = {f"metric_{number:04}": number / 7 for number in range(1500)}
    changed.create_model_version("m", model_data=b"many", metadata=metrics | {"accuracy": 0.1})
    text = plain(changed.review("main", "change"))
    assert len(text) <= 60_000
    assert "| `accuracy` ↑ |" in text
    assert "**fails**" in text
    assert "left out** to stay within a comment's limit" in text


def test_hostile_names_of_tensors_files_and_data_are_inert(registry: Registry) -> None:
    from support.rendered import LINKED, Rendered

    top = registry.handle.paths.top
    hostile = "@octocat #1 ~~x~~ $x$ :tada: <img src=x> [l](u) |`"
    for number, value in enumerate((b"1", b"2")):
        if number:
            git(top, "switch", "-qc", "change")
        directory = top / "model"
        (directory / f"{hostile} {value.decode()}").mkdir(parents=True)
        (directory / f"{hostile} {value.decode()}" / f"www.evil.example {hostile}").write_bytes(value)
        write_safetensors(directory / "m.safetensors", {f"{hostile} https: {value.decode()}": value * 8})
        (directory / "m.pkl").write_bytes(b"cos\n" + f"{hostile}{number}".encode() + b"\n.")
        values = {"metadata": {f"{hostile} metric": number, "license": f"{hostile}{number}"}}
        lineage = regolo.Lineage(code=f"{hostile}{number}", data={hostile: f"{hostile}{number}"})
        if number:
            registry.create_model_version("m", model_data=directory, lineage=lineage, **values)
        else:
            registry.register_model("m", directory, lineage=lineage, **values)
    text = registry.review("main", "change").to_markdown()
    rendered = Rendered(text)
    assert rendered.foreign == set(), rendered.html
    assert LINKED.search(rendered.text) is None, LINKED.search(rendered.text)
    assert "$" not in re.sub(r"`[^`\n]*`", "", text)
    assert text.count("<details") == text.count("</details>")
