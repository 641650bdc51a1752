"""Trailers of a user's message stay trailers for git, whatever this program adds."""

from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.records.commit_message import split_trailers, with_paragraph, with_trailers

SIGNED = "Signed-off-by: A <a@b>"
MESSAGES = [
    f"x\n\n{SIGNED}",
    f"x\n\nbody\nof lines\n\n{SIGNED}\nCo-authored-by: B <b@c>\n\n",
    f"x\n\nSee-also: first\n  continued\n{SIGNED}",
    f"x\n\nwords before\n{SIGNED}\nReviewed-by: C <c@d>",
    f"x\n\n1\n2\n3\n4\n5\n{SIGNED}",
    "x\n\nwords: of a sentence\nand others",
    "x\n\nno trailer here",
    "x\n\n(cherry picked from commit 0123)",
    f"{SIGNED}",
    "one line",
    f"x\n \n{SIGNED}",
    "x\n\nFixes: #1\n\n\nReviewed-by: C <c@d>",
]


def trailers(top: Path, message: str) -> list[str]:
    shown = git(top, "interpret-trailers", "--parse", "--no-divider", given=message)
    return shown.splitlines()


@pytest.mark.parametrize("message", MESSAGES)
def test_git_finds_the_same_trailers(git_repository: Path, message: str) -> None:
    held = trailers(git_repository, message + "\n")
    # git counts this line of its own, and does not show it.
    assert bool(split_trailers(message)[1]) == (bool(held) or "(cherry picked" in message)
    assert trailers(git_repository, with_paragraph(message, "m@1.0")) == held
    added = ["Regolo-Action: promote", "Regolo-To: m@1.0"]
    assert trailers(git_repository, with_trailers(message, added)) == [*held, *added]


@pytest.mark.parametrize("message", MESSAGES)
def test_every_line_of_the_message_is_still_there(message: str) -> None:
    lines = [line for line in message.split("\n") if line.strip()]
    for text in (with_paragraph(message, "m@1.0"), with_trailers(message, ["A: b"])):
        assert [line for line in text.split("\n") if line in lines] == lines
        assert text.split("\n")[0] == lines[0]
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


def test_an_added_paragraph_is_before_the_trailers() -> None:
    assert with_paragraph(f"x\n\n{SIGNED}", "m@1.0") == f"x\n\nm@1.0\n\n{SIGNED}\n"
    assert with_paragraph("x", "m@1.0") == "x\n\nm@1.0\n"
    assert with_trailers(f"x\n\n{SIGNED}", ["A: b"]) == f"x\n\n{SIGNED}\nA: b\n"


@pytest.mark.parametrize(
    "message", [f"x\r\n\r\nbody\r\n\r\n{SIGNED}\r\n", f"x\r\n\r\n{SIGNED}\r\nAcked-by: Z <z@z>"]
)
def test_trailers_of_a_message_with_line_ends_of_windows_are_found(
    git_repository: Path, message: str
) -> None:
    wanted = message.replace("\r\n", "\n").split("\n\n")[-1].split()
    for written in (with_paragraph(message, "m@1.0"), with_trailers(message, [])):
        assert "\r" not in written
        assert " ".join(trailers(git_repository, written)).split() == wanted
    with Registry.init(git_repository) as registry:
        registry.register_model("m", b"one", message=message)
        assert "\r" not in registry.get_model_version("m").message + git(
            git_repository, "cat-file", "tag", "m@v1.0"
        )
        assert SIGNED in git(git_repository, "log", "-1", "--format=%(trailers:only)")
        registry.promote_model_version("m", "1.0", "staging", message=message)
        assert SIGNED in git(git_repository, "log", "-1", "--format=%(trailers:only)")
