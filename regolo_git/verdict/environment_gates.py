"""The gates of an environment that are not about metrics: signature, pickles, metadata, licence."""

from collections.abc import Iterator, Mapping

from regolo_git.hints import Hint
from regolo_git.records.config import PRODUCTION
from regolo_git.records.gates import ENVIRONMENT_KEYS, EnvironmentGates
from regolo_git.records.metadata import MetadataValue
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable
from regolo_git.verdict.gate_facts import Facts, Finding
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.metric_gates import unknown_key

LICENSE = "license"
NOBODY_LOOKED = Finding("not judged", "was not looked at")
SAFE_FORMATS = "save it in a format without pickle, such as safetensors or skops"
NAMED = 5


def judge_environment(environment: str, gates: EnvironmentGates, after: Facts) -> Iterator[GateResult]:
    """The results of the gates of one environment, metrics aside."""
    if gates.signed:
        found = after.signed or NOBODY_LOOKED
        sign = Hint("sign", after.reference) if found.state != "pass" else None
        yield GateResult("signed", found.state, found.reason, "signed", environment, sign)
    yield from _scan(environment, gates, after)
    for key in gates.metadata:
        yield _has_metadata(environment, key, after)
    if gates.licences is not None:
        yield _licence(environment, gates.licences, after)
    for key in gates.unknown:
        reason = unknown_key(key, gates.unknown, (*ENVIRONMENT_KEYS, "gates"))
        way_out = f"correct '{CONFIG_PATH}', or upgrade regolo-git"
        yield GateResult(printable(key), "not judged", reason, printable(key), environment, way_out)


def _scan(environment: str, gates: EnvironmentGates, after: Facts) -> Iterator[GateResult]:
    """The gate `scan`.  Without it, production refuses dangerous names, and reports what cannot be read.

    Other environments without it only report dangerous names.
    """
    rule = gates.scan or "not-dangerous"
    if after.scan is None and gates.scan is None:
        return
    found = after.scan[rule] if after.scan is not None else NOBODY_LOOKED
    state = found.state
    if gates.scan is None:
        is_said = state != "pass" if environment == PRODUCTION else state in ("fail", "not judged")
        if not is_said:
            return
        state = state if environment == PRODUCTION else "open"
    way_out = SAFE_FORMATS if state != "pass" else None
    yield GateResult("scan", state, found.reason, f"scan {rule}", environment, way_out)


def _has_metadata(environment: str, key: str, after: Facts) -> GateResult:
    name, rule = f"metadata.{printable(key)}", f"metadata {printable(key)}"
    if _value_at(after.metadata, key) is not None:
        return GateResult(name, "pass", "is there", rule, environment)
    again = _again(after, f"{key}=VALUE")
    return GateResult(name, "fail", f"[metadata] has no '{printable(key)}'", rule, environment, again)


def _value_at(metadata: Mapping[str, MetadataValue], key: str) -> "MetadataValue | None":
    """The value of a key; of a key with dots also that of nested tables."""
    if key in metadata:
        return metadata[key]
    table, _, rest = key.partition(".")
    inner = metadata.get(table)
    return _value_at(inner, rest) if rest and isinstance(inner, dict) else None


def _licence(environment: str, allowed: tuple[str, ...], after: Facts) -> GateResult:
    rule = f"licences {', '.join(printable(name) for name in allowed)}"
    found = after.metadata.get(LICENSE)
    listed = found if isinstance(found, list) else [found]
    texts = [text for text in listed if isinstance(text, str)]
    known = {name.casefold() for name in allowed}
    if texts and len(texts) == len(listed) and all(text.casefold() in known for text in texts):
        return GateResult("licence", "pass", f"is {printable(', '.join(texts))}", rule, environment)
    few = few_of([printable(name) for name in allowed[:NAMED]], len(allowed))
    shown = printable(", ".join(map(str, listed)))
    problem = f"[metadata] has no '{LICENSE}'" if found is None else f"'{shown}' is not one of {few}"
    again = _again(after, f"{LICENSE}={allowed[0]}" if found is None else f"{LICENSE}=VALUE")
    return GateResult("licence", "fail", problem, rule, environment, again)


def _again(after: Facts, metadata: str) -> Hint:
    return Hint("commit", after.model, "--from", after.version, "--meta", metadata)
