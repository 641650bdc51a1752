"""Hints: the next step after an error, as a command line or as a Python call.

The code that raises names a command and its arguments, `Hint("list", "sentiment")`.  The command line prints
`git regolo list sentiment`, and a Python traceback shows `regolo.list_model_versions("sentiment")`.  Any
other hint (`git fetch --tags`, "try again") is plain text and reads the same in both.
"""

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Words = Callable[..., str]


@dataclass(frozen=True, slots=True, init=False)
class Hint:
    """A subcommand (`endpoint show`) and its unquoted arguments; upper-case words are placeholders."""

    command: str
    arguments: tuple[str, ...]

    def __init__(self, command: str, *arguments: str) -> None:
        object.__setattr__(self, "command", command)
        object.__setattr__(self, "arguments", arguments)

    def __str__(self) -> str:
        """The command line, quoted for a shell."""
        return " ".join(["git regolo", self.command, *(shlex.quote(word) for word in self.arguments)])

    def in_python(self) -> str:
        """The equivalent Python call, or the command line if there is none."""
        call = _CALLS.get(self.command)
        try:
            return call(*self.arguments) if call is not None else str(self)
        except TypeError:  # the call has no parameter for these arguments
            return str(self)


@dataclass(frozen=True, slots=True, init=False)
class Either(Hint):
    """Two next steps; `case` says when the second one is right."""

    case: str
    other: Hint

    def __init__(self, first: Hint, case: str, other: Hint) -> None:
        Hint.__init__(self, first.command, *first.arguments)
        object.__setattr__(self, "case", case)
        object.__setattr__(self, "other", other)

    def __str__(self) -> str:
        """Both command lines."""
        return f"{Hint.__str__(self)}   ({self.case}: {self.other})"

    def in_python(self) -> str:
        """Both Python calls."""
        return f"{Hint.in_python(self)}   ({self.case}: {self.other.in_python()})"


@dataclass(frozen=True, slots=True)
class Corrected:
    """The same command line with a name corrected; `otherwise` where the line is not known, as in Python."""

    wrong: str
    right: str
    otherwise: Hint | str

    def __str__(self) -> str:
        return str(self.otherwise)


NextStep = Hint | Corrected | str


def in_python(hint: NextStep) -> str:
    """The text of a hint in a traceback."""
    if isinstance(hint, Corrected):
        return in_python(hint.otherwise)
    return hint.in_python() if isinstance(hint, Hint) else hint


def on_command_line(hint: NextStep | None) -> str | None:
    """The text of a hint on a terminal or in JSON."""
    return str(hint) if hint is not None else None


def _split_flags(words: Sequence[str]) -> tuple[list[str], dict[str, bool]]:
    """The arguments, and options such as `--unmerged` as parameters that are True."""
    flags = {word.removeprefix("--"): True for word in words if word.startswith("--")}
    return [word for word in words if not word.startswith("--")], flags


def _call(function: str, *arguments: str, **keywords: str | bool) -> str:
    named = {
        key: _argument(value) if isinstance(value, str) else str(value) for key, value in keywords.items()
    }
    parts = [*map(_argument, arguments), *(f"{key}={value}" for key, value in named.items())]
    return f"regolo.{function}({', '.join(parts)})"


def _argument(word: str) -> str:
    """Returns a placeholder unchanged and anything else as a string literal."""
    return word if word.isupper() and word.isidentifier() else f'"{word}"'


def _list(model: str | None = None) -> str:
    return _call("list_model_versions", model) if model is not None else _call("list_models")


def _of_version(function: str) -> Words:
    def words(reference: str, *more: str) -> str:
        model, _, version = reference.partition("@")
        arguments, flags = _split_flags(more)
        return _call(function, *([model, version] if version else [model]), *arguments, **flags)

    return words


def _show(reference: str) -> str:
    revision, colon, model = reference.rpartition(":")
    if colon:
        return _call("get_model_version", model, rev=revision)
    return _of_version("get_model_version")(reference)


def _promote(reference: str, environment: str, *options: str) -> str:
    model, _, version = reference.partition("@")
    words, flags = _split_flags(options)
    flags = {{"yes": "new_environment"}.get(name, name): value for name, value in flags.items()}
    return _call("promote_model_version", model, version, environment, *words, **flags)


def _demote(reference: str, environment: str) -> str:
    return _call("demote_model_version", reference.partition("@")[0], environment)


def _retire(reference: str, message: str, reason: str) -> str:
    if message != "-m":
        raise TypeError(message)
    model, _, version = reference.partition("@")
    return _call("retire_model_version", model, version, reason=reason)


def _evaluate(reference: str, option: str, metric: str) -> str:
    if option != "--metric":
        raise TypeError(option)
    model, _, version = reference.partition("@")
    name, _, value = metric.partition("=")
    return f'regolo.evaluate_model_version("{model}", "{version}", metrics={{{_argument(name)}: {value}}})'


def _commit(model: str, *words: str) -> str:
    if words[:2] == ("--propose", "--again"):
        return _call("propose_model_version_again", model, *words[3:])
    (path,) = words if len(words) == 1 else ("",)
    if not path or path.startswith("--"):
        raise TypeError(words)
    return _call("create_model_version", model, model_data=path)


def _label(reference: str, label: str) -> str:
    model, _, version = reference.partition("@")
    name, _, value = label.partition("=")
    return f'regolo.label_model_version("{model}", "{version}", {{{_argument(name)}: {_argument(value)}}})'


def _describe_model(model: str, option: str, text: str) -> str:
    return _call("describe_model", model, **{option.removeprefix("--"): text})


def _rollback(endpoint: str, to: str | None = None, version: str | None = None, *more: str) -> str:
    if (to, version) == (None, None):
        return _call("rollback_endpoint", endpoint)
    if to != "--to" or version is None:
        raise TypeError(to)
    return _call("rollback_endpoint", endpoint, to_version=version, **_split_flags(more)[1])


def _start_canary(endpoint: str, reference: str, *more: str) -> str:
    version = reference.rpartition("@")[2]
    return _call("start_canary", endpoint, version, **_split_flags(more)[1])


def _hold_canary(endpoint: str, *more: str) -> str:
    return _call("hold_canary", endpoint, **_split_flags(more)[1])


def _push(*words: str) -> str:
    models, flags = _split_flags(words)
    return _call("push", *models, **flags)


def _create_endpoint(endpoint: str, reference: str, *more: str) -> str:
    model, _, version = reference.partition("@")
    if more[:1] == ("--environment",):
        return _call("create_endpoint", endpoint, model, version, environment=more[1])
    return _call("create_endpoint", endpoint, model, version, **_split_flags(more)[1])


def _traffic(endpoint: str, *shares: str) -> str:
    after_shadow = [index + 1 for index, word in enumerate(shares) if word == "--shadow"]
    shadow = _weights(shares[index] for index in after_shadow if shares[index] != "none")
    rest = [w for index, w in enumerate(shares) if index not in after_shadow and w != "--shadow"]
    weights, flags = _split_flags(rest)
    options = f", shadow={shadow}" if after_shadow else ""
    options += "".join(f", {flag}=True" for flag in flags)
    return f'regolo.update_endpoint_traffic("{endpoint}", {_weights(weights) if weights else None}{options})'


def _weights(pairs: Iterable[str]) -> str:
    parts = (pair.partition("=") for pair in pairs)
    return "{" + ", ".join(f'"{version}": {share}' for version, _, share in parts) + "}"


def _config(key: str, value: str) -> str:
    if key != "store.url":
        raise TypeError(key)
    return _call("confirm_store", value)


def _diff(*sides: str) -> str:
    if len(sides) == 2 and "@" in sides[0] and ":" not in "".join(sides):
        model, _, version = sides[0].partition("@")
        return _call("compare_model_versions", model, version, sides[1].removeprefix(f"{model}@"))
    a, between, b = sides[0].partition("..") if len(sides) == 1 else ("", "", "")
    if not between or "@" in a or b.startswith("."):
        raise TypeError(sides)
    return f'regolo.compare_revisions("{a}", "{b}")'  # HEAD is not a placeholder


def _evict(*words: str) -> str:
    if words[:1] == ("--unused",):
        return f"regolo.evict(unused_days={words[1]})"
    return _of_version("evict")(*words)


_CALLS: dict[str, Words] = {
    "init": lambda: _call("init"),
    "list": _list,
    "show": _show,
    "register": lambda model, path: _call("register_model", model, path),
    "commit": _commit,
    "checkout": _of_version("checkout_model_version"),
    "promote": _promote,
    "demote": _demote,
    "revert": lambda model, _, version, *more: _call(
        "rollback_model", model, version, **_split_flags(more)[1]
    ),
    "renumber": _of_version("renumber_model_version"),
    "pull": lambda: _call("pull"),
    "fetch": lambda: _call("fetch"),
    "evict": _evict,
    "diff": _diff,
    "blame": lambda model, *metric: _call("blame_metric", model, *metric),
    "history": lambda model, *environment: _call("get_promotion_history", model, *environment),
    "metrics": lambda endpoint: _call("get_endpoint_metrics", endpoint),
    "endpoint history": lambda endpoint: _call("get_endpoint_history", endpoint),
    "endpoint delete": lambda endpoint: _call("delete_endpoint", endpoint),
    "clone": lambda url, directory: _call("clone", url, directory),
    "retire": _retire,
    "evaluate": _evaluate,
    "label": _label,
    "describe-model": _describe_model,
    "sign": _of_version("sign_model_version"),
    "push": _push,
    "traffic": _traffic,
    "rollback": _rollback,
    "canary start": _start_canary,
    "canary status": lambda endpoint: _call("get_canary", endpoint),
    "canary hold": _hold_canary,
    "canary abort": lambda endpoint: _call("abort_canary", endpoint),
    "canary promote": lambda endpoint: _call("promote_canary", endpoint),
    "config": _config,
    "endpoint list": lambda: _call("list_endpoints"),
    "endpoint create": _create_endpoint,
    "endpoint show": lambda endpoint: _call("get_endpoint", endpoint),
}
