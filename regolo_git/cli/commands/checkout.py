"""`git regolo checkout`: restores the files of a version."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_json
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.progress import ProgressBar
from regolo_git.cli.streams import put, signs, talk, talk_note
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference, version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.checkout import (
    CheckedOut,
    checkout_head,
    checkout_version,
    stream_version,
)
from regolo_git.registry.versions.checkout_tensors import checkout_tensors, stream_tensors
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable
from regolo_git.text.sizes import size_text

NAMED = 3
STREAMS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}
DESCRIPTOR = re.compile(r"(?:/dev|/proc/self)/fd/(\d{1,4})")
VERSION_LIKE = re.compile(r"v?[0-9]+(?:\.[0-9]+){1,2}(?:-[0-9A-Za-z.-]+)?")


@click.command()
@reference_argument("[MODEL[@V]]", required=False)
@click.argument("place", metavar="[DEST]", type=click.Path(), required=False)
@click.option("--output", "-o", metavar="DEST", type=click.Path(), help="The same as DEST.")
@click.option(
    "--path",
    "patterns",
    metavar="GLOB",
    multiple=True,
    help="Restore only the matching files of a directory.",
)
@click.option(
    "--tensor",
    "tensors",
    metavar="NAME",
    multiple=True,
    help="Write only these tensors, to DEST as a safetensors file.",
)
@click.option("--force", "-f", is_flag=True, help="Overwrite files whose content matches no version.")
@click.option("--yes", "-y", is_flag=True, help="Use the shared store that the registry names.")
@json_option
def checkout(
    reference: Reference | None,
    place: str | None,
    output: str | None,
    patterns: tuple[str, ...],
    tensors: tuple[str, ...],
    force: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Restore the files of a version at its recorded path, or at DEST, and print that path.

    A single file goes into DEST if that is a directory or ends in a slash.  With `-` as DEST it is written to
    standard output, and so is one file of a directory, selected with --path.  With --tensor, a name or a
    glob, DEST is a new safetensors file that has these tensors only.

    Without arguments, restores every model of the checked-out commit; run this after `git checkout`.  All
    content is verified before a file is replaced, and files whose content matches no version are not
    overwritten.  Files in a directory that are not part of the version stay, and are named.

    \b
    Examples:
      git regolo checkout sentiment@1.0
      git regolo checkout sentiment@production /tmp/model.safetensors
      git regolo checkout sentiment@1.1 - | sha256sum
      git regolo checkout encoder@1.1 ./some --path 'token*' --path config.json
      git regolo checkout encoder@1.1 bias.safetensors --tensor '*.bias'
      git checkout sentiment@v1.0 && git regolo checkout

    Exit status: 0 success; 2 invalid input; 3 no such version, or its content is not in the store; 4 a file
    would be overwritten (without --force); 5 corrupt content; 6 the store is not there, or the
    shared one cannot be reached; 8 the shared store is not confirmed.
    """
    place = _one_place(reference, place, output)
    if reference is not None and place is not None:
        _refuse_a_version(reference, place)
    descriptor = _descriptor_of(place)
    with open_handle() as handle:
        ask_before_store(handle, yes=yes)
        if reference is not None and descriptor is not None:
            _stream(handle, reference, descriptor, patterns, tensors, as_json=as_json)
            return
        if reference is not None:
            done = [_one(handle, reference, place, patterns, tensors, force)]
        elif patterns:
            raise InvalidInput("--path requires a version", Hint("checkout", "MODEL@V", "--path", "GLOB"))
        elif tensors:
            hint = Hint("checkout", "MODEL@V", "DEST", "--tensor", "NAME")
            raise InvalidInput("--tensor requires a version", hint)
        else:
            done = _all(handle, force)
    _report(done, as_json=as_json)


def _report(done: Sequence[CheckedOut], *, as_json: bool) -> None:
    if not done:
        talk("no model in this commit has a recorded path")
    for item in done:
        talk(_summary(item))
        if item.other_files:
            talk_note(_left(item))
    if as_json:
        put_json([item.to_dict() for item in done])
    else:
        for item in done:
            put(str(item.path))


def _one_place(reference: Reference | None, place: str | None, output: str | None) -> str | None:
    if output is None:
        return place
    if place is not None:
        raise InvalidInput(f"'{place}' and --output name two destinations, and one is required")
    if reference is None:
        raise InvalidInput("--output requires a version", Hint("checkout", "MODEL@V", "--output", "DEST"))
    return output


def _refuse_a_version(reference: Reference, place: str) -> None:
    """Catches `checkout sentiment 1.0`, which would write the newest version to a file named 1.0."""
    if reference.latest and VERSION_LIKE.fullmatch(place) and not Path(place).exists():
        raise InvalidInput(
            f"'{place}' looks like a version, not a destination (use ./{place} for a path)",
            Hint("checkout", version_reference(reference.model, place)),
        )


def _descriptor_of(place: str | None) -> int | None:
    """The open file that DEST names: `-`, `/dev/stdout` or `/dev/fd/N`; None for a path."""
    if place in STREAMS:
        return STREAMS[place]
    found = DESCRIPTOR.fullmatch(place or "")
    return int(found[1]) if found is not None else None


@contextmanager
def _opened(descriptor: int) -> Iterator[BinaryIO]:
    """A binary stream that writes to an open descriptor."""
    if descriptor in (1, 2):
        yield (sys.stdout if descriptor == 1 else sys.stderr).buffer
        return
    try:
        stream = os.fdopen(os.dup(descriptor), "wb")
    except OSError as error:
        raise InvalidInput(f"descriptor {descriptor} is not open for writing") from error
    with stream:
        yield stream


def _stream(
    handle: Handle,
    reference: Reference,
    descriptor: int,
    patterns: Sequence[str],
    tensors: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Writes one file to an open descriptor, so that a shell's redirection is neither lost nor replaced."""
    if as_json:
        raise InvalidInput("--json cannot be used with a stream as DEST")
    with _opened(descriptor) as stream:
        if stream.isatty():
            again = Hint("checkout", str(reference), "-")
            raise InvalidInput("refusing to write the bytes of a model to a terminal", f"{again} > FILE")
        sys.stdout.flush()
        with ProgressBar("fetching") as fetched, ProgressBar("checking out") as bar:
            stream_it = partial(stream_tensors, names=tensors) if tensors else stream_version
            manifest, size = stream_it(
                handle,
                reference,
                deliver=stream.write,
                patterns=patterns,
                on_fetch=fetched.show_whole,
                on_progress=bar.show,
            )
        stream.flush()
    talk(f"wrote {manifest.reference} ({size_text(size)})")


def _one(
    handle: Handle,
    reference: Reference,
    destination: str | None,
    patterns: Sequence[str],
    tensors: Sequence[str],
    force: bool,
) -> CheckedOut:
    with ProgressBar("fetching") as fetched, ProgressBar("checking out") as bar:
        check_out = partial(checkout_tensors, names=tensors) if tensors else checkout_version
        return check_out(
            handle,
            reference,
            destination=destination,
            patterns=patterns,
            force=force,
            on_fetch=fetched.show_whole,
            on_progress=bar.show,
        )


def _all(handle: Handle, force: bool) -> list[CheckedOut]:
    with ProgressBar("fetching") as fetched, ProgressBar("checking out") as bar:
        return checkout_head(handle, force=force, on_fetch=fetched.show_whole, on_progress=bar.show)


def _left(item: CheckedOut) -> str:
    """Says which files of no version a checkout left, which the next version would have."""
    names = [f"'{printable(name)}'" for name in item.other_files[:NAMED]]
    reference = version_reference(item.model, item.version)
    left = few_of(names, len(item.other_files))
    return f"not part of {reference}, and left in '{item.path}': {left}"


def _summary(item: CheckedOut) -> str:
    reference = version_reference(item.model, item.version)
    if item.written_bytes == 0:
        return signs(f"{reference} is already at {item.path}")
    return f"checked out {reference} ({size_text(item.written_bytes)})"
