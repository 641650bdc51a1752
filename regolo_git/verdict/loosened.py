"""Which rules a change would loosen: limits, gates, requirements and signers by which it is judged itself.

A change is judged by the rules of its base, so none of this takes effect before the merge; a reviewer should
know what the merge does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from regolo_git.records.config import PRODUCTION, EnvironmentRule, RegistryConfig
from regolo_git.records.gates import EnvironmentGates, MetricGate, Scan
from regolo_git.records.model_card import ModelCard
from regolo_git.records.paths import CONFIG_PATH, SIGNERS_PATH, card_path
from regolo_git.records.toml_text import inline_text, key_text
from regolo_git.text.numbers import Number, number_text
from regolo_git.text.printable import printable
from regolo_git.verdict.metric_gates import direction_of

NONE = "none"
STRICTNESS: Mapping[Scan | None, int] = {None: 0, "not-dangerous": 1, "known": 2}
KEY_SHOWN = 12
BLANKS = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one commit: the configuration, the cards by model, and the text of the allowed signers."""

    config: RegistryConfig | None = None
    cards: Mapping[str, ModelCard] = field(default_factory=dict)
    signers: str | None = None


@dataclass(frozen=True, slots=True)
class Loosened:
    """A rule that a change loosens: the file, the key in it, and its value before and after, in words."""

    path: str
    key: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """On one line: `gates.latency_ms.max 50 → 60 in 'models/sentiment/model.toml'`."""
        return f"{self.key} {self.before} → {self.after} in '{printable(self.path)}'"


def loosened_rules(base: RuleSet, head: RuleSet) -> list[Loosened]:
    """The rules of `base` that `head` loosens or drops, sorted by file; what is only stricter is left out."""
    found: list[Loosened] = []
    for model, card in sorted(base.cards.items()):
        found += _loosened_card(card_path(model), card, head.cards.get(model) or ModelCard())
    if base.config is not None:
        found += _loosened_config(base.config, head.config or RegistryConfig())
    return [*found, *_more_signers(base.signers, head.signers)]


# -- the model card ---------------------------------------------------------------------------------------


def _loosened_card(path: str, a: ModelCard, b: ModelCard) -> Iterator[Loosened]:
    for name, gate in sorted(a.gates.items()):
        yield from _loosened_gate(path, f"gates.{key_text(name)}", gate, b.gates.get(name))
        yield from _turned(path, name, gate, a, b)


def _turned(path: str, name: str, gate: MetricGate, a: ModelCard, b: ModelCard) -> Iterator[Loosened]:
    """The direction in which a drop is measured, if it changes."""
    after = b.gates.get(name)
    if after is None or (gate.max_drop is None and gate.max_drop_rel is None):
        return
    former, new = direction_of(a, name, gate)[0], direction_of(b, name, after)[0]
    if former is not None and former != new:
        yield Loosened(path, f"metrics.{key_text(name)}.direction", former, new or NONE)


def _loosened_gate(path: str, key: str, a: MetricGate, b: MetricGate | None) -> Iterator[Loosened]:
    if b is None:
        yield Loosened(path, key, "a gate", "removed")
        return
    for name in ("max", "max_drop", "max_drop_rel", "min"):
        before: Number | None = getattr(a, name)
        after: Number | None = getattr(b, name)
        if before is None or before == after:
            continue
        if after is None or (after < before if name == "min" else after > before):
            yield Loosened(path, f"{key}.{name}", number_text(before), _number(after))
    if a.fail == "unproven" and b.fail == "worse":
        yield Loosened(path, f"{key}.fail", a.fail, b.fail)
    if a.required and not b.required:
        yield Loosened(path, f"{key}.required", "true", "false")
    for name, value in a.unknown.items():
        if b.unknown.get(name) != value:
            new = inline_text(b.unknown[name]) if name in b.unknown else NONE
            yield Loosened(path, f"{key}.{printable(name)}", printable(inline_text(value)), printable(new))


def _number(value: Number | None) -> str:
    return number_text(value) if value is not None else NONE


# -- the configuration ------------------------------------------------------------------------------------


def _loosened_config(a: RegistryConfig, b: RegistryConfig) -> Iterator[Loosened]:
    for rule in a.environments:
        key, after = f"environments.{rule.name}", b.environment(rule.name)
        if after is None:
            if rule.requires or rule.gates is not None:
                yield Loosened(CONFIG_PATH, key, "an environment with rules", "removed")
            continue
        dropped = [name for name in rule.requires if name not in after.requires]
        if dropped:
            yield Loosened(CONFIG_PATH, f"{key}.requires", _listed(rule.requires), _listed(after.requires))
        if rule.gates is not None:
            yield from _loosened_gates(rule, rule.gates, after.gates or EnvironmentGates())


def _loosened_gates(rule: EnvironmentRule, a: EnvironmentGates, b: EnvironmentGates) -> Iterator[Loosened]:
    key = f"environments.{rule.name}.gates"
    if a.signed and not b.signed:
        yield Loosened(CONFIG_PATH, f"{key}.signed", "true", "false")
    if _strictness(rule.name, b) < _strictness(rule.name, a):
        yield Loosened(CONFIG_PATH, f"{key}.scan", a.scan or NONE, b.scan or NONE)
    if not set(a.metadata) <= set(b.metadata):
        yield Loosened(CONFIG_PATH, f"{key}.metadata", _listed(a.metadata), _listed(b.metadata))
    if a.licences is not None and (b.licences is None or not set(b.licences) <= set(a.licences)):
        after = _listed(b.licences) if b.licences is not None else "any"
        yield Loosened(CONFIG_PATH, f"{key}.licences", _listed(a.licences), after)
    for name, gate in sorted(a.metrics.items()):
        yield from _loosened_gate(CONFIG_PATH, f"{key}.metrics.{key_text(name)}", gate, b.metrics.get(name))


def _strictness(environment: str, gates: EnvironmentGates) -> int:
    return max(STRICTNESS[gates.scan], 1 if environment == PRODUCTION else 0)


def _listed(values: Sequence[str]) -> str:
    return printable(", ".join(values)) or NONE


# -- signers ----------------------------------------------------------------------------------------------


def _more_signers(a: str | None, b: str | None) -> Iterator[Loosened]:
    """Lines of the allowed signers that the base does not have: new keys, and keys with other options."""
    known, principals = set(_signer_lines(a)), {line.split(" ")[0] for line in _signer_lines(a)}
    for line in dict.fromkeys(_signer_lines(b)):
        if line not in known:
            who = line.split(" ")[0]
            before = "other keys or options" if who in principals else NONE
            yield Loosened(SIGNERS_PATH, printable(who), before, f"signs with {printable(_key(line))}")


def _signer_lines(text: str | None) -> list[str]:
    # As `ssh-keygen` reads them: other line ends and spaces of Unicode are part of a name.
    lines = (BLANKS.sub(" ", line.strip(" \t\r")) for line in (text or "").split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def _key(line: str) -> str:
    """The type and the end of the key in a line."""
    words = line.split(" ")
    kinds = ("ssh-", "ecdsa-", "sk-")
    at = next((i for i, word in enumerate(words) if i and word.startswith(kinds)), None)
    if at is None:
        return "an unknown key"
    return f"{words[at]} …{words[at + 1][-KEY_SHOWN:]}" if at + 1 < len(words) else words[at]
