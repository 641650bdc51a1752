"""Turns an exception into a message on stderr and an exit status."""

import re
import sys

import click

from regolo_git.cli.context import Cancelled, Invocation
from regolo_git.cli.streams import paint, talk, talk_block, warn
from regolo_git.errors import RegoloError, TransportError
from regolo_git.hints import Corrected, NextStep
from regolo_git.system_errors import hint_of, is_exhausted, reason_of
from regolo_git.text.nearest import nearest

UNEXPECTED = 1
BAD_INPUT = 2
INTERRUPTED = 130

PLACEHOLDER = re.compile(r"[A-Z][A-Z@.]*")
EXTRA = re.compile(r"unexpected extra argument \((v?[0-9][0-9A-Za-z.-]*)\)")


def is_unexpected(error: Exception) -> bool:
    """Whether it is a fault of this program: no error has been foreseen there."""
    return not isinstance(error, RegoloError | OSError | click.ClickException | click.Abort)


def report(error: Exception, invocation: Invocation) -> int:
    """Prints the error and its hint; returns the exit status."""
    if isinstance(error, click.Abort):
        if error.__cause__ is None:
            talk("")  # ends the line of the open prompt
        say_error("interrupted")
        return INTERRUPTED
    if invocation.debug:
        import traceback  # noqa: PLC0415 - would slow `--version`

        talk_block("".join(traceback.format_exception(error)).rstrip("\n"))
    if isinstance(error, Cancelled):
        talk(error.message)
        return error.exit_code
    if isinstance(error, RegoloError):
        say_error(error.message, _next_step(error.hint, invocation))
        return error.exit_code
    if isinstance(error, click.UsageError):
        say_error(_usage_message(error), _usage_hint(error, invocation))
        return BAD_INPUT
    if isinstance(error, OSError):
        where = f"'{error.filename}': " if error.filename else ""
        say_error(f"{where}{reason_of(error)}", hint_of(error))
        return TransportError.exit_code if is_exhausted(error) else UNEXPECTED
    say_error(
        f"unexpected {type(error).__name__}: {error}",
        None if invocation.debug else "rerun with REGOLO_DEBUG=1 and report the traceback",
    )
    return UNEXPECTED


def _next_step(hint: NextStep | None, invocation: Invocation) -> NextStep | None:
    """The hint, as the user's own command line if that only has to be corrected."""
    return (invocation.corrected(hint.wrong, hint.right) or hint) if isinstance(hint, Corrected) else hint


def say_error(message: str, hint: NextStep | None = None) -> None:
    """Prints `error: …` and `hint: …`."""
    warn(f"{paint('error:', sys.stderr, fg='red', bold=True)} {message}")
    if hint:
        warn(f"{paint('hint:', sys.stderr, fg='yellow')} {hint}")


def _usage_message(error: click.UsageError) -> str:
    """Rewrites click's message in this program's style: lower case, no full stop."""
    text = error.format_message()
    if isinstance(error, click.NoSuchOption):  # click suggests far-fetched names
        near = _nearest_option(error)
        text = f"{error.message}, did you mean '{near}'?" if near else error.message
    message = " ".join(text.replace(".,", ",").split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _usage_hint(error: click.UsageError, invocation: Invocation) -> str | None:
    if error.ctx is None:
        return None
    if isinstance(error, click.MissingParameter) and (missing := _missing(error, error.ctx.command)):
        missing += _options_missing(error, error.ctx.command, invocation)
        return invocation.again_with(*missing)
    extra, model = EXTRA.search(error.message), getattr(error.ctx.params.get("reference"), "model", None)
    if extra and model:
        return f"{error.ctx.command_path} {model}@{extra[1]}"  # people type `show MODEL 1.0` first
    return f"{error.ctx.command_path} -h"


def _missing(error: click.MissingParameter, command: click.Command) -> list[str]:
    """What the command line lacks, as in the usage; empty where that is a choice of words."""
    if isinstance(error.param, click.Option) and error.param.metavar is not None:
        return [min(error.param.opts, key=len), error.param.metavar]
    if not isinstance(error.param, click.Argument):
        return []
    after = command.params[command.params.index(error.param) :]
    lacking = [each for each in after if isinstance(each, click.Argument) and each.required]
    names = [each.metavar or str(each.name).upper() for each in lacking]
    chosen = any(isinstance(each.type, click.Choice) for each in lacking)
    return names if not chosen and all(map(PLACEHOLDER.fullmatch, names)) else []


def _options_missing(
    error: click.MissingParameter, command: click.Command, invocation: Invocation
) -> list[str]:
    """The other options that the command requires, as in the usage."""
    required = [each for each in command.params if isinstance(each, click.Option) and each.required]
    return [
        word
        for option in required
        if option is not error.param and not any(_gives(option, word) for word in invocation.arguments)
        for word in (min(option.opts, key=len), option.metavar or "VALUE")
    ]


def _gives(option: click.Option, word: str) -> bool:
    """Whether a word of the command line gives an option: `-m`, `-mTEXT`, `--message` or `--message=TEXT`."""
    return any(
        word.partition("=")[0] == name if name.startswith("--") else word.startswith(name)
        for name in option.opts
    )


def _nearest_option(error: click.NoSuchOption) -> str | None:
    command = error.ctx.command if error.ctx is not None else None
    names = [name for parameter in command.params for name in parameter.opts] if command is not None else []
    long = [name.removeprefix("--") for name in names if name.startswith("--")]
    near = nearest(error.option_name.lstrip("-"), long)  # without the dashes, which all options share
    return f"--{near}" if near else None
