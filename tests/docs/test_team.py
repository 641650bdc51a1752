"""The guides for a team do what they say, against a Git server with a password and an S3 service."""

from pathlib import Path
from urllib.parse import quote

import pytest
from support.git_program import git
from support.pages import DOCS, check_page
from support.servers.git_http import PASSWORD, USER, GitHttp
from support.servers.s3 import CREDENTIALS, REGION, S3Server, moto

__all__ = ["moto"]

pytestmark = pytest.mark.slow
# The host protects its branch once this tag is there: from then on, only merges arrive.
UPDATE = """#!/bin/sh
[ "$1" = refs/heads/main ] || exit 0
git rev-parse -q --verify refs/tags/sentiment@v1.2 >/dev/null || exit 0
git rev-parse -q --verify "$3^2" >/dev/null && exit 0
echo "main is protected: open a pull request" >&2
exit 1
"""


@pytest.fixture
def servers(moto: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> GitHttp:
    """A bucket and an empty repository, under the names that the page gives them."""
    moto.client.create_bucket(Bucket="team-models")
    for stored in moto.client.list_objects_v2(Bucket="team-models").get("Contents", []):  # by another page
        moto.client.delete_object(Bucket="team-models", Key=stored["Key"])
    for name, value in {
        **CREDENTIALS,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": moto.endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    host = tmp_path / "hosted" / "team" / "models.git"
    host.parent.mkdir(parents=True)
    git(host.parent, "init", "-q", "--bare", "-b", "main", host.name)
    git(host, "config", "http.receivepack", "true")
    (host / "hooks" / "update").write_text(UPDATE)
    (host / "hooks" / "update").chmod(0o755)
    return GitHttp(tmp_path / "hosted")


@pytest.mark.parametrize("page", ["team.md", "pull-request.md"])
def test_a_guide_for_a_team_does_what_it_says(
    page: str, servers: GitHttp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers.running():
        credentials = tmp_path / "credentials"
        credentials.write_text(f"http://{USER}:{quote(PASSWORD, safe='')}@{servers.address}\n")
        for key, value in {
            "credential.helper": f"store --file={credentials}",
            f"url.http://{servers.address}/.insteadOf": "https://git.example.com/",
        }.items():
            git(tmp_path, "config", "--global", key, value)
        check_page(DOCS / "guides" / page, tmp_path)
