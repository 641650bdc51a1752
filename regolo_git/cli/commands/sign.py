"""`git regolo sign`: signs a version that has its tag already."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.streams import talk, talk_next
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.versions.sign import SignedVersion
from regolo_git.registry.versions.sign import sign as carry_out
from regolo_git.text.printable import one_line


@click.command()
@reference_argument("MODEL@V")
@json_option
def sign(reference: Reference, as_json: bool) -> None:
    """Sign the tag of MODEL@V, as git would sign a tag of yours (gpg.format, user.signingKey).

    The tag stays as it is: the signature of its object and its name is a line of a note under
    refs/notes/regolo-signatures, which `git regolo push` pushes. Does nothing if the version is signed by
    somebody in .regolo/allowed_signers. Prints the version's reference.

    \b
    Examples:
      git regolo sign sentiment@1.1
      git regolo sign sentiment@1.1 && git regolo push

    Exit status: 0 success; 2 git has no name and address of yours; 3 no such version; 4 git cannot sign, or
    others keep writing notes; 5 tag and manifest disagree; 9 git, `ssh-keygen` or `gpg` is missing.
    """
    with open_handle() as handle:
        done = carry_out(handle, reference)
    _report(done)
    document: dict[str, Json] = {
        "model": done.model,
        "version": done.version,
        "tag": done.tag,
        "tag_object": done.tag_oid,
        "signed": done.is_new,
        "signer": done.found.signer,
        "problem": None if done.found.valid else done.found.words,
    }
    put_result(done.reference, document, as_json=as_json)


def _report(done: SignedVersion) -> None:
    if not done.is_new:
        talk(one_line(f"{done.reference} {done.found.words}; nothing to do"))
        return
    talk(f"signed {done.reference}")
    if done.found.signer is not None:
        talk(one_line(f"  signer  {done.found.signer}"))
    else:
        talk(one_line(f"  it does not count yet: {done.reference} {done.found.words}"))
    talk_next(str(Hint("push")))
