"""A change that loosens its own gate is found, whatever it loosens; one that only tightens is not."""

from dataclasses import replace

import pytest

from regolo_git.records.config import RegistryConfig
from regolo_git.records.model_card import ModelCard
from regolo_git.verdict.loosened import RuleSet, loosened_rules

CARD = """\
format = 1
[metrics.accuracy]
direction = "higher"
[gates.accuracy]
min = 0.85
max = 0.99
max_drop = 0.005
max_drop_rel = 0.1
fail = "unproven"
required = true
later = 1
[gates."eval.loss"]
max = 2
"""
CONFIG = """\
format = 1
[environments.staging]
[environments.production]
requires = ["staging"]
[environments.production.gates]
signed = true
scan = "known"
metadata = ["owner"]
licences = ["apache-2.0", "mit"]
[environments.production.gates.metrics.latency_ms]
max = 50
"""
SIGNERS = "# who may sign\nada@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIada\n"


def rules(card: str = CARD, config: str = CONFIG, signers: str | None = SIGNERS) -> RuleSet:
    return RuleSet(RegistryConfig.parse(config), {"m": ModelCard.parse(card)}, signers)


BASE = rules()


def found(head: RuleSet) -> list[str]:
    return [rule.text for rule in loosened_rules(BASE, head)]


def test_the_same_rules_loosen_nothing() -> None:
    assert found(BASE) == []
    assert loosened_rules(RuleSet(), replace(BASE, signers=None)) == []


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("min = 0.85", "min = 0.8", "gates.accuracy.min 0.85 → 0.8"),
        ("min = 0.85\n", "", "gates.accuracy.min 0.85 → none"),
        ("max = 0.99", "max = 1", "gates.accuracy.max 0.99 → 1"),
        ("max_drop = 0.005", "max_drop = 0.05", "gates.accuracy.max_drop 0.005 → 0.05"),
        ("max_drop_rel = 0.1\n", "", "gates.accuracy.max_drop_rel 0.1 → none"),
        ('fail = "unproven"', 'fail = "worse"', "gates.accuracy.fail unproven → worse"),
        ("required = true", "required = false", "gates.accuracy.required true → false"),
        ("later = 1", "later = 2", "gates.accuracy.later 1 → 2"),
        ("later = 1\n", "", "gates.accuracy.later 1 → none"),
        ('[gates."eval.loss"]\nmax = 2\n', "", 'gates."eval.loss" a gate → removed'),
        ('direction = "higher"', 'direction = "lower"', "metrics.accuracy.direction higher → lower"),
    ],
)
def test_a_loosened_gate_of_a_model_is_found(old: str, new: str, text: str) -> None:
    assert found(rules(card=CARD.replace(old, new))) == [f"{text} in 'models/m/model.toml'"]


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('requires = ["staging"]\n', "", "environments.production.requires staging → none"),
        ("signed = true", "signed = false", "environments.production.gates.signed true → false"),
        ('"known"', '"not-dangerous"', "environments.production.gates.scan known → not-dangerous"),
        ('metadata = ["owner"]\n', "", "environments.production.gates.metadata owner → none"),
        (
            '"mit"]',
            '"mit", "x"]',
            "environments.production.gates.licences apache-2.0, mit → apache-2.0, mit, x",
        ),
        (
            'licences = ["apache-2.0", "mit"]\n',
            "",
            "environments.production.gates.licences apache-2.0, mit → any",
        ),
        ("max = 50", "max = 60", "environments.production.gates.metrics.latency_ms.max 50 → 60"),
    ],
)
def test_a_loosened_rule_of_an_environment_is_found(old: str, new: str, text: str) -> None:
    assert found(rules(config=CONFIG.replace(old, new))) == [f"{text} in '.regolo/config.toml'"]


def test_rules_that_are_gone_altogether_are_found() -> None:
    assert len(found(replace(BASE, cards={}))) == 2
    staging = rules(config="format = 1\n[environments.staging]\n")
    assert found(staging) == [
        "environments.production an environment with rules → removed in '.regolo/config.toml'"
    ]
    assert len(found(replace(BASE, config=None))) == 1
    without = rules(config=CONFIG[: CONFIG.index("[environments.production.gates]")])
    assert len(found(without)) == 5


def test_a_signer_who_is_added_is_found_and_one_who_leaves_is_not() -> None:
    mallory = "mallory@example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAmallory\n"
    (rule,) = found(rules(signers=SIGNERS + mallory))
    assert rule == (
        "mallory@example.com none → signs with ssh-ed25519 …5AAAAmallory in '.regolo/allowed_signers'"
    )
    (rule,) = found(rules(signers=SIGNERS.replace("ssh-", 'valid-before="20990101" ssh-')))
    assert rule.startswith("ada@example.com other keys or options → signs with")
    # These are no comments to `ssh-keygen`, and no line that was there before.
    for start in ("\xa0#", "\x0b#", "\u2003# "):
        assert len(found(rules(signers=f"{SIGNERS}{start}{mallory}"))) == 1, start
    (rule,) = loosened_rules(rules(signers=f"{SIGNERS}# \x0c{mallory}"), rules(signers=SIGNERS + mallory))
    assert rule.key == "mallory@example.com"
    assert found(rules(signers=None)) == []
    assert found(rules(signers=SIGNERS.replace("ada@example.com ", "ada@example.com   "))) == []


def test_stricter_rules_are_not_loosened_ones() -> None:
    card = CARD.replace("min = 0.85", "min = 0.9").replace("max_drop = 0.005", "max_drop = 0")
    config = CONFIG.replace('"apache-2.0", ', "").replace('["owner"]', '["owner", "use"]')
    assert found(rules(card + "[gates.more]\nmin = 1\n", config)) == []


def test_hostile_names_are_shown_inert() -> None:
    base = RuleSet(cards={"m": ModelCard.parse('format = 1\n[gates."a\\u001b[31m"]\nmin = 1\n')})
    (rule,) = loosened_rules(base, RuleSet())
    assert "\x1b" not in rule.text
