"""Only what can be a store is accepted as one, and what is refused is said without repeating a secret."""

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.store_url import SCHEMES, StoreAddress, check_writable_store, parse_store_address

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
    "sftp://-oProxyCommand@host/models": "cannot name a user",
    "sftp://-oProxyCommand/models": "'-oProxyCommand' is not a host",
    "sftp://host:/models": "'host:' is not a host",
    "sftp://host:0/models": "'host:0' is not a host",
    "sftp://host:65536/models": "'host:65536' is not a host",
    "https://host/a/%2e%2E/b": "contains '..'",
    "https://user@host/models": "cannot name a user",
    "https://": "has no host",
    "file://host/models": "does not start with '/'",
    "file://models": "does not start with '/'",
    "file:///srv/../etc": "contains '..'",
    "memory://": "has no name",
}


@pytest.mark.parametrize("url", GOOD)
def test_addresses_of_stores_are_accepted(url: str) -> None:
    address = parse_store_address(url)
    assert address.scheme == (url.partition("://")[0] if "://" in url else "file")
    assert address.url == url


@pytest.mark.parametrize(("url", "said"), BAD.items(), ids=ascii)
def test_an_invalid_store_is_refused_with_the_reason(url: str, said: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_store_address(url)
    assert said in caught.value.message
    assert caught.value.message.isprintable()
    assert "secret" not in str(caught.value.message) + str(caught.value.hint)


PARTS = {
    "models": StoreAddress("models", "file", path="models"),
    "file:///srv/models": StoreAddress("file:///srv/models", "file", path="/srv/models"),
    "s3://bucket": StoreAddress("s3://bucket", "s3", "bucket"),
    "s3://bucket/": StoreAddress("s3://bucket/", "s3", "bucket"),
    "s3://bucket/a/b/": StoreAddress("s3://bucket/a/b/", "s3", "bucket", path="a/b"),
    "gs://bucket/a": StoreAddress("gs://bucket/a", "gs", "bucket", path="a"),
    "abfs://$web/a": StoreAddress("abfs://$web/a", "abfs", "$web", path="a"),
    "sftp://ada@h.org:2222/srv/a": StoreAddress(
        "sftp://ada@h.org:2222/srv/a", "sftp", "h.org", "ada", 2222, "/srv/a"
    ),
    "ssh://host": StoreAddress("ssh://host", "ssh", "host"),
    "https://h.org:8443/a": StoreAddress("https://h.org:8443/a", "https", "h.org", port=8443, path="/a"),
    "memory://models/a": StoreAddress("memory://models/a", "memory", "models", path="a"),
}


@pytest.mark.parametrize(("url", "address"), PARTS.items(), ids=PARTS)
def test_a_url_has_parts(url: str, address: StoreAddress) -> None:
    assert parse_store_address(url) == address


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://localhost:9000",
        "https://s3.example.com/",
        "https://account.r2.cloudflarestorage.com",
        "https://project.supabase.co/storage/v1/s3",
    ],
)
def test_an_endpoint_is_the_url_of_a_server(endpoint: str) -> None:
    address = parse_store_address("s3://bucket/a", endpoint, "auto")
    assert (address.endpoint, address.region, address.path) == (endpoint, "auto", "a")


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "s3.example.com",
        "ftp://s3.example.com",
        "https://",
        "https://-host",
        "https://host:0",
        "https://host:99999",
        "https://host?x=1",
        "https://host#x",
        "https://host/../x",
        "https://host\n",
        "https://ada:secret@host",
        "https://[fe80::1]",
    ],
    ids=ascii,
)
def test_an_invalid_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(InvalidInput, match="the endpoint of a store") as caught:
        parse_store_address("s3://bucket", endpoint)
    assert "secret" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize("region", ["", "-eu", "eu/../x", "eu\n", "a" * 64, "eu.host"], ids=ascii)
def test_an_invalid_region_is_refused(region: str) -> None:
    with pytest.raises(InvalidInput, match="the region of a store"):
        parse_store_address("s3://bucket", None, region)


@pytest.mark.parametrize("url", ["/srv/models", "gs://bucket", "https://host/a"])
def test_only_s3_has_an_endpoint_or_a_region(url: str) -> None:
    with pytest.raises(InvalidInput, match="is for a store at s3://") as caught:
        parse_store_address(url, "https://host")
    assert str(caught.value.hint) == "git regolo config --unset store.endpoint"
    with pytest.raises(InvalidInput, match="is for a store at s3://") as caught:
        parse_store_address(url, None, "eu")
    assert str(caught.value.hint) == "git regolo config --unset store.region"


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_has_an_example_that_is_accepted(name: str) -> None:
    assert parse_store_address(SCHEMES[name].example).place or name == "file"


@pytest.mark.parametrize("url", ["http://host/store", "https://host/store"])
def test_a_web_server_cannot_be_the_store_of_a_clone(url: str) -> None:
    with pytest.raises(InvalidInput, match="cannot write"):
        check_writable_store(url)


@pytest.mark.parametrize("url", ["/srv/models", "s3://bucket/models"])
def test_a_writable_store_can_be_the_store_of_a_clone(url: str) -> None:
    check_writable_store(url)
