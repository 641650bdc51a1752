"""The reference pages that are written by the code itself: the command line and the Python API."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import get_args

import click

import regolo_git
from regolo_git import errors
from regolo_git.api import canaries, comparisons, current, endpoints, exchange, measuring, registry, versions
from regolo_git.cli.group import CommandGroup
from regolo_git.cli.main import group
from regolo_git.registry.versions.request import Bump
from regolo_git.registry.versions.target_branch import Flow
from regolo_git.reviews import review
from regolo_git.serving.endpoint_metrics import MetricsSource

WIDTH = 110
NAME = "git regolo"


# -- the command line -------------------------------------------------------------------------------------


def command_line_page() -> str:
    """Every command with its arguments, options, examples and exit statuses."""
    parts = [
        "# Command line",
        _filled(
            "Generated from the program, and kept up to date by a test. `git regolo COMMAND -h` shows the same text."
            " The program is installed as `git-regolo`, so that git finds it, and as `regolo-git`."
        ),
        f"```text\n{NAME} {group.options_metavar} COMMAND [ARGS]...\n```",
        *_help(group.help or ""),
        _options(group, _top(group)),
        *_help(group.epilog or ""),
    ]
    for title, entries in group.sections.items():
        parts.append(f"## {title}")
        parts.append("\n".join(f"- [`{name}`](#{name}): {entry.help}" for name, entry in entries.items()))
        for name in entries:
            parts += _command(name)
    return "\n\n".join(filter(None, parts)) + "\n"


def _command(name: str) -> Iterator[str]:
    parent = _top(group)
    command = group.get_command(parent, name)
    assert command is not None
    yield from _entry(command, click.Context(command, info_name=name, parent=parent), f"### {name}")
    if isinstance(command, CommandGroup):
        above = click.Context(command, info_name=name, parent=parent)
        for inner in command.entries:
            subcommand = command.get_command(above, inner)
            assert subcommand is not None
            context = click.Context(subcommand, info_name=inner, parent=above)
            yield from _entry(subcommand, context, f"#### {name} {inner}")


def _top(group: click.Group) -> click.Context:
    # With the group's own settings: a command remembers the names of its help option from its first context.
    return click.Context(group, info_name=NAME, **group.context_settings)


def _entry(command: click.Command, context: click.Context, heading: str) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield heading
    yield f"```text\n{usage}\n```"
    yield from _help(command.help or "")
    yield _options(command, context)


def _help(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        if paragraph.startswith("\b"):
            yield from _verbatim(paragraph[1:].strip("\n"))
        elif paragraph.startswith("Exit status:"):
            statuses = re.split(
                r"; (?=\d)", " ".join(paragraph.split()).removeprefix("Exit status: ").rstrip(".")
            )
            yield "Exit status:"
            yield "\n".join(_filled(f"- {_item(status)}", "  ") for status in statuses)
        else:
            yield _filled(" ".join(paragraph.split()))


def _verbatim(text: str) -> Iterator[str]:
    title, _, rest = text.partition("\n")
    if title == "Examples:":
        yield title
        yield f"```sh\n{textwrap.dedent(rest)}\n```"
    else:
        yield f"```text\n{textwrap.dedent(text)}\n```"


def _item(status: str) -> str:
    number, _, words = status.partition(" ")
    return f"`{number}` {words}"


def _options(command: click.Command, context: click.Context) -> str:
    lines = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record is not None and "--help" not in record[0]:
            names, words = record[0], record[1].replace("  [", " [")
            lines.append(_filled(f"- `{names}`: {words}", "  "))
    return "Options:\n\n" + "\n".join(lines) if lines else ""


def _filled(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


# -- the Python API ---------------------------------------------------------------------------------------


def python_page() -> str:
    """Every name of the package: functions with their signatures, then values and errors."""
    public = set(regolo_git.__all__)
    values = sorted(
        name
        for name in public
        if isinstance(getattr(regolo_git, name), type) and not _is_error(name) and name != "Registry"
    )
    parts = [
        "# Python",
        _filled(
            "Generated from the package, and kept up to date by a test. For examples, see"
            " [from Python](../guides/from-python.md)."
        ),
        "## Functions",
        _filled(
            "The functions work on the registry that `use` selected, or else on the one that the environment"
            " variable `REGOLO_REPO` names, or that contains the working directory. All of them except `use` and"
            " `init` are also methods of `Registry`."
        ),
        _filled(
            "`PathLike` is a string or a `Path`; `ArtifactSource` is a path, bytes, a binary file, or a mapping of"
            f" names to arrays; `Flow` is one of {_choices(Flow)}; `Bump` is one of {_choices(Bump)};"
            f" `MetricsSource` is one of {_choices(MetricsSource)}; `ProgressOption` is a function of a"
            " `Progress`, True or None; `Plain` is a dictionary of what JSON can hold."
        ),
        *(part for name in _functions() for part in _function(name)),
        "## Registry",
        f"{_first(regolo_git.Registry)}",
        *(part for name in ("open", "init", "close") for part in _method(name)),
        "## Values",
        "All values are frozen.",
        *(part for name in values for part in _value(name)),
        "## Errors",
        _filled(
            "All errors are subclasses of `RegoloError` and have a `message`, a `hint` (the next thing to type, or"
            " None) and an `exit_code`, the exit status of the command line."
        ),
        "\n".join(
            f"- `{name}` ({getattr(regolo_git, name).exit_code}): {_first(getattr(regolo_git, name))}"
            for name in _errors()
        ),
        f"`RegoloNotice` (a warning): {_first(errors.RegoloNotice)}",
    ]
    return "\n\n".join(parts) + "\n"


def _choices(kind: object) -> str:
    return ", ".join(f'`"{choice}"`' for choice in get_args(kind))


def _functions() -> list[str]:
    verbs = (
        versions.VersionVerbs,
        measuring.MeasuringVerbs,
        comparisons.ComparisonVerbs,
        endpoints.EndpointVerbs,
        canaries.CanaryVerbs,
        exchange.ExchangeVerbs,
    )
    methods = [name for kind in verbs for name in vars(kind) if name in regolo_git.__all__]
    own = [name for name in ("use", "init", "clone") if name in regolo_git.__all__]
    return list(dict.fromkeys([*own, *methods]))


def _is_error(name: str) -> bool:
    return issubclass(getattr(regolo_git, name), Exception)


def _errors() -> list[str]:
    found = [name for name, value in vars(errors).items() if name in regolo_git.__all__ and _is_error(name)]
    return [name for name in found if issubclass(getattr(regolo_git, name), errors.RegoloError)]


def _function(name: str) -> Iterator[str]:
    yield f"### {name}"
    defined = getattr(regolo_git.Registry, name, getattr(regolo_git, name)).__name__
    if defined == name:
        yield from _defined(_definition(name))
    else:
        yield f"Another name of `{defined}`."


def _method(name: str) -> Iterator[str]:
    yield f"### Registry.{name}"
    yield from _defined(_functions_of(registry)[name])


def _defined(node: ast.FunctionDef) -> Iterator[str]:
    yield f"```python\n{_signature(node)}\n```"
    for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
        yield _filled(" ".join(paragraph.split()))


def _signature(node: ast.FunctionDef) -> str:
    arguments = node.args
    parts = []
    positional = arguments.args
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip(positional, defaults, strict=True):
        if argument.arg not in ("self", "cls"):
            parts.append(_parameter(argument, default))
    if arguments.kwonlyargs:
        parts.append("*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        parts.append(_parameter(argument, default))
    if arguments.kwarg is not None:
        parts.append(f"**{arguments.kwarg.arg}: {_text(arguments.kwarg.annotation or ast.Constant(None))}")
    result = f" -> {_text(node.returns)}" if node.returns else ""
    line = f"{node.name}({', '.join(parts)}){result}"
    if len(line) <= 100:
        return line
    inner = "\n".join(f"    {part}," for part in parts)
    return f"{node.name}(\n{inner}\n){result}"


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    said = f"{argument.arg}: {_text(argument.annotation)}" if argument.annotation else argument.arg
    return said if default is None else f"{said} = {_default(default)}"


def _default(node: ast.expr) -> str:
    """The value of a constant that a default is named by: a reader cannot look the name up."""
    if isinstance(node, ast.Name):
        (value,) = {
            vars(module)[node.id]
            for module in (versions, measuring, comparisons, endpoints, canaries, exchange, review)
            if node.id in vars(module)
        }
        return _text(ast.Constant(value))
    return _text(node)


def _value(name: str) -> Iterator[str]:
    value = getattr(regolo_git, name)
    yield f"### {name}"
    yield _first(value)
    members: dict[str, str] = {}
    for base in reversed(value.__mro__):
        if base.__module__.startswith("regolo_git"):
            node = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
            assert isinstance(node, ast.ClassDef)
            members.update(_members(node))
    yield "\n".join(members.values())


def _members(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    """What a reader may use: neither ways to read and write files, nor what a newer release may add."""
    for member in node.body:
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            name, shown, words = member.target.id, f"{member.target.id}: {_text(member.annotation)}", ""
        elif isinstance(member, ast.FunctionDef):
            decorators = {ast.unparse(decorator) for decorator in member.decorator_list}
            if "classmethod" in decorators:
                continue
            name, shown = member.name, _signature(member)
            if decorators & {"property", "cached_property"} and member.returns:
                shown = f"{name}: {_text(member.returns)}"
            words = " ".join((ast.get_docstring(member) or "").split("\n\n")[0].split())
        else:
            continue
        if not name.startswith("_") and name not in ("unknown", "to_table", "to_text", "to_toml"):
            shown = re.sub(r",? +(?=\))|(?<=\() +", "", " ".join(shown.split()))
            yield name, _filled(f"- `{shown}`" + (f": {words}" if words else ""), "  ")


def _text(node: ast.expr) -> str:
    return ast.unparse(node).replace("'", '"')


def _first(value: object) -> str:
    return _filled(" ".join((inspect.getdoc(value) or "").split("\n\n")[0].split()))


def _definition(name: str) -> ast.FunctionDef:
    """The method that a function of the package calls, or the function itself where it has none."""
    (found,) = [
        tree[name]
        for tree in map(
            _functions_of, (versions, measuring, comparisons, endpoints, canaries, exchange, current)
        )
        if name in tree
    ]
    return found


def _functions_of(module: ModuleType) -> dict[str, ast.FunctionDef]:
    """The functions and methods that a module defines, by name."""
    body = ast.parse(inspect.getsource(module)).body
    inner = [node for part in body if isinstance(part, ast.ClassDef) for node in part.body]
    return {node.name: node for node in (*body, *inner) if isinstance(node, ast.FunctionDef)}
