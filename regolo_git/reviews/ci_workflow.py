"""The workflows of `git regolo ci`: templates with this program's version, its hash and the kind of store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from textwrap import indent
from typing import Literal

from regolo_git import __version__
from regolo_git.errors import InvalidInput
from regolo_git.records.config import RegistryConfig
from regolo_git.records.store_url import SCHEMES, parse_store_address

Host = Literal["github", "gitlab", "script"]
HOSTS: tuple[Host, ...] = ("github", "gitlab", "script")
PLACES: Mapping[Host, str] = {
    "github": ".github/workflows/regolo-review.yml",
    "gitlab": ".gitlab/regolo-review.yml",
    "script": "regolo-review.sh",
}
TEMPLATES: Mapping[Host, str] = {"github": "github.yml", "gitlab": "gitlab.yml", "script": "script.sh"}
SHA256 = re.compile(r"[0-9a-f]{64}")
BRANCH = re.compile(r"[A-Za-z0-9._/*-]+")
# The names of the secrets, read-only credentials, by the extra that a store needs.
SECRETS: Mapping[str, Mapping[str, str]] = {
    "s3": {
        "AWS_ACCESS_KEY_ID": "REGOLO_READ_KEY_ID",
        "AWS_SECRET_ACCESS_KEY": "REGOLO_READ_KEY",
    },
    "gcs": {"STORE_CREDENTIALS": "REGOLO_READ_CREDENTIALS"},
    "azure": {"AZURE_STORAGE_CONNECTION_STRING": "REGOLO_READ_CONNECTION"},
}
PLACEHOLDER = re.compile(r"^( *)@(INSTALL|POST|TAG|CREDENTIALS|STORE)@\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Program:
    """The release that a workflow installs: its version, and the SHA-256 of its wheel."""

    sha256: str
    version: str = __version__

    def __post_init__(self) -> None:
        if not SHA256.fullmatch(self.sha256):
            raise InvalidInput(
                "the SHA-256 of a wheel has 64 digits, in lower case",
                f"pip download --no-deps regolo-git=={self.version} && sha256sum regolo_git-*.whl",
            )


def workflow(host: Host, config: RegistryConfig, program: Program) -> str:
    """The text of a workflow.  Raises InvalidInput for a branch that a workflow cannot name."""
    branches = (config.branch, *config.lines)
    wrong = [branch for branch in branches if not BRANCH.fullmatch(branch)]
    if wrong:
        raise InvalidInput(f"branch '{wrong[0]}' cannot be named in a workflow")
    extra = _extra(config.store_url)
    values = {
        "VERSION": program.version,
        "SHA256": program.sha256,
        "BRANCHES": ", ".join(f"'{branch}'" for branch in branches),
        "BRANCH": config.branch,
        "EXTRA": f"[{extra}]" if extra else "",
    }
    secrets = SECRETS.get(extra, {}).items()
    blocks = {
        "INSTALL": _template("install.sh"),
        "POST": _template("post.py.txt"),
        "TAG": _template("tag.sh"),
        "CREDENTIALS": "".join(f"{name}: ${{{{ secrets.{secret} }}}}\n" for name, secret in secrets),
        "STORE": _template("store-gcs.sh") if extra == "gcs" else "",
    }
    text = _template(TEMPLATES[host])
    while PLACEHOLDER.search(text):  # a block may have one in it
        text = PLACEHOLDER.sub(lambda found: indent(blocks[found[2]], found[1]), text)
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _extra(url: str | None) -> str:
    """The extra package that a store needs; "" for one in a directory."""
    return SCHEMES[parse_store_address(url).scheme].extra or "" if url is not None else ""


def _template(name: str) -> str:
    return (files("regolo_git.reviews") / "workflows" / name).read_text(encoding="utf-8")
