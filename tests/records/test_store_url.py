"""Only what can be a store is accepted as one, and what is refused is said without repeating a secret."""

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.store_url import SCHEMES, check_store_url, check_writable_store

GOOD = [
    "/srv/models",
    "./models",
    "../models",
    "models",
    "/srv/a:b",
    "./a:b",
    "/srv/my models",
    "file:///srv/models",
    "s3://bucket",
    "s3://bucket/models/team",
    "s3://my.bucket_2/models",
    "gs://bucket/models",
    "gcs://bucket/models",
    "az://container/models",
    "abfs://$web/models",
    "sftp://host/models",
    "sftp://user@host.example.com:2222/models",
    "ssh://user@host/models",
    "http://localhost:8000/store",
    "https://models.example.com/store",
    "memory://models",
]
BAD = {
    "": "empty",
    " s3://bucket": "spaces around it",
    "s3://bucket\n": "spaces around it",
    "/srv/\x1b[31mmodels": "control characters",
    "/srv/\0": "control characters",
    "ftp://nowhere/x::y": "a chain",
    "simplecache::s3://bucket": "a chain",
    "ftp://nowhere/x": "'ftp://' are not supported",
    "git+ssh://host/x": "'git+ssh://' are not supported",
    "://bucket": "not a scheme",
    "s 3://bucket": "not a scheme",
    "S3://bucket": "upper case",
    "s3:bucket/models": "neither a path nor a URL",
    "s3:/bucket": "neither a path nor a URL",
    "host:models": "neither a path nor a URL",
    "user@host:models": "neither a path nor a URL",
    "s3://": "has no bucket",
    "s3:///models": "has no bucket",
    "s3://localhost:9000/bucket": "'localhost:9000' is not a bucket",
    "s3://key:secret@bucket": "contains a password",
    "s3://key@bucket": "cannot name a user",
    "s3://bucket/models?versionId=1": "contains options",
    "s3://bucket/models#part": "contains a fragment",
    "s3://bucket/../other": "contains '..'",
    "s3://bucket/a\\b": "contains a backslash",
    "az://": "has no container",
    "abfs://container@account.dfs.core.windows.net/models": "cannot name a user or an account",
    "sftp://user:password@host/models": "contains a password",
    "sftp:///models": "has no host",
    "sftp://@host/models": "cannot name a user",
    "sftp://host:port/models": "'host:port' is not a host",
    "https://user@host/models": "cannot name a user",
    "https://": "has no host",
    "file://host/models": "does not start with '/'",
    "file://models": "does not start with '/'",
    "file:///srv/../etc": "contains '..'",
    "memory://": "has no name",
}


@pytest.mark.parametrize("url", GOOD)
def test_what_can_be_a_store_is_accepted(url: str) -> None:
    scheme = check_store_url(url)
    assert scheme == (SCHEMES[url.partition("://")[0]] if "://" in url else None)


@pytest.mark.parametrize(("url", "said"), BAD.items(), ids=ascii)
def test_what_cannot_be_a_store_is_refused_for_what_is_wrong(url: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_store_url(url)
    assert said in caught.value.message
    assert caught.value.message.isprintable()
    assert "secret" not in str(caught.value.message) + str(caught.value.hint)


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_has_an_example_that_is_accepted(name: str) -> None:
    assert check_store_url(SCHEMES[name].example) is not None


@pytest.mark.parametrize("url", ["http://host/store", "https://host/store"])
def test_a_web_server_cannot_be_the_store_of_a_clone(url: str) -> None:
    with pytest.raises(InvalidInput, match="cannot write"):
        check_writable_store(url)


@pytest.mark.parametrize("url", ["/srv/models", "s3://bucket/models"])
def test_what_can_be_written_to_can_be_the_store_of_a_clone(url: str) -> None:
    check_writable_store(url)
