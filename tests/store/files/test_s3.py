"""A bucket keeps the promises, against real services, and what is wrong with it is told from a missing file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.files_suite import FilesSuite
from support.program import run_python
from support.servers.faulty_proxy import FaultyProxy
from support.servers.s3 import CREDENTIALS, S3Server, s3_credentials, s3_server, s3_store
from support.servers.tls import tls_server

from regolo_git.errors import TransportError
from regolo_git.records.store_url import StoreAddress, parse_store_address
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

__all__ = ["s3_credentials", "s3_server", "s3_store"]

pytestmark = pytest.mark.slow


class TestBucket(FilesSuite):
    @pytest.fixture
    def files(self, s3_store: StoreAddress) -> Files:
        return files_at(s3_store)

    def test_one_of_several_creators_wins(self, files: Files, s3_server: S3Server) -> None:  # type: ignore[override]
        if s3_server.name == "moto":
            pytest.skip("moto looks for the object first and stores it then, so that two may win")
        super().test_one_of_several_creators_wins(files)


def test_a_store_may_be_at_the_top_of_a_bucket(s3_server: S3Server, s3_credentials: None) -> None:
    files = files_at(s3_server.address(s3_server.new_bucket(), ""))
    assert files.create("format.toml", b"1")
    files.put("chunks/ab/1", b"12")
    files.move("chunks/ab/1", "quarantine/1")
    assert [file.path for file in files.walk("quarantine")] == ["quarantine/1"]
    assert sorted(file.path for file in files.walk("")) == ["format.toml", "quarantine/1"]
    assert files.sizes(["chunks/ab/1", "quarantine/1"]) == [None, 2]


READ = "from regolo_git.store.locate import files_at\nfrom regolo_git.records.store_url import StoreAddress"


def proxied(store: StoreAddress, proxy: FaultyProxy) -> Files:
    return files_at(store._replace(endpoint=proxy.url))


def failure(url: str, act: Callable[[], object]) -> TransportError:
    with pytest.raises(TransportError) as caught, translated(url):
        act()
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


ACTS: dict[str, Callable[[Files], object]] = {
    "sizes": lambda files: files.sizes(["a"]),
    "read": lambda files: files.read_range("a", 0, 1),
    "ranges": lambda files: files.read_ranges("a", [(0, 1)]),
    "write": lambda files: files.write("a", b"1"),
    "put": lambda files: files.put("a", b"1"),
    "create": lambda files: files.create("a", b"1"),
    "walk": lambda files: list(files.walk("a")),
    "names": lambda files: list(files.names("a")),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_missing_bucket_is_distinguished_from_a_missing_file(
    s3_server: S3Server, s3_credentials: None, act: Callable[[Files], object]
) -> None:
    address = s3_server.address("nothing-here")
    said = failure(address.url, lambda: act(files_at(address)))
    assert "the bucket does not exist" in said.message
    assert "create it" in str(said.hint)


def test_each_act_is_one_request(s3_server: S3Server, s3_store: StoreAddress) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        files = proxied(s3_store, proxy)
        files.write("a", b"12345")
        assert (proxy.count(), proxy.count("PUT", "/a", 200)) == (1, 1)
        for act in (
            lambda: files.read_range("a", 0, 9),
            lambda: files.read_into("a", memoryview(bytearray(5))),
            lambda: files.read_ranges("a", [(0, 1), (3, 1)]),
            lambda: files.sizes(["a"]),
            lambda: files.sizes(["nothing"]),
            lambda: list(files.walk("condemned")),
            lambda: files.remove("a"),
        ):
            proxy.clear()
            act()
            assert proxy.count() == 1
        proxy.clear()
        assert files.create("b", b"1")  # looked for, created, and created again
        assert [one.method for one in proxy.asked] == ["HEAD", "PUT", "PUT"]
        proxy.clear()
        assert files.create("c", b"1")
        assert not files.create("b", b"1")
        # Whoever is refused looks who was first.
        assert [one.method for one in proxy.asked] == ["PUT", "PUT", "HEAD"]


def test_without_credentials_it_says_so_at_once(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    address = s3_server.address("bucket")
    said = failure(address.url, lambda: files_at(address).read_range("format.toml", 0, 9))
    assert "there are no credentials for S3" in said.message
    assert "AWS_PROFILE" in str(said.hint)


DENIED = {
    "AccessDenied": "access is denied",
    "InvalidAccessKeyId": "the credentials were rejected",
    "SignatureDoesNotMatch": "the credentials were rejected",
    "ExpiredToken": "the credentials have expired",
    "RequestTimeTooSkewed": "clock",
    "AuthorizationHeaderMalformed": "another region",
    "NotImplemented": "does not support",
    "XMinioStorageFull": "full",
}


@pytest.mark.parametrize(("code", "words"), DENIED.items(), ids=DENIED)
def test_a_refusal_of_the_service_is_reported_at_once(
    s3_server: S3Server, s3_store: StoreAddress, code: str, words: str
) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        proxy.inject(code, path="/a")
        files = proxied(s3_store, proxy)
        said = failure(s3_store.url, lambda: files.write("a", b"1"))
        assert words in said.message
        assert "at 'a'" in said.message
        assert said.hint is not None
        assert proxy.count("PUT") == 1


def test_a_missing_file_that_whoever_may_not_list_is_denied_is_missing(
    s3_server: S3Server, s3_store: StoreAddress
) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        proxy.inject("AccessDenied", path="secret")
        proxy.inject("AccessDenied", path="nothing")
        files = proxied(s3_store, proxy)
        # Whether it may be listed is not asked before something was reached.
        assert "access is denied" in failure(s3_store.url, lambda: files.read_range("secret", 0, 1)).message
        files.write("format.toml", b"1")
        files.read_range("format.toml", 0, 1)
        assert "access is denied" in failure(s3_store.url, lambda: files.read_range("secret", 0, 1)).message
        bucket = f"/{s3_store.place}"
        proxy.inject("AccessDenied", method="GET", path=f"{bucket}?list")
        files = proxied(s3_store, proxy)
        files.read_range("format.toml", 0, 1)
        with pytest.raises(FileNotFoundError):
            files.read_range("nothing", 0, 1)
        assert files.sizes(["nothing", "format.toml"]) == [None, 1]
        assert "access is denied" in failure(s3_store.url, lambda: list(files.walk("condemned"))).message


def test_a_service_that_replaces_what_exists_is_found_out(
    s3_server: S3Server, s3_store: StoreAddress
) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        proxy.without = ("if-none-match",)
        files = proxied(s3_store, proxy)
        files.write("format.toml", b"first")
        assert files.create("format.toml", b"second") is False
        assert files.create("records/1", b"1") is True
        assert files.properties.atomic_create is False
        assert files.create("records/1", b"2") is False
        assert files.read_range("records/1", 0, 9) == b"1"
        assert [one.path.rpartition("/")[2] for one in proxy.asked if one.method == "PUT"].count("1") == 2
        files.create("records/2", b"2")
        assert proxy.count("PUT", "records/2") == 1


def test_a_service_that_ignores_ranges_is_read_nevertheless(
    s3_server: S3Server, s3_store: StoreAddress
) -> None:
    data = bytes(range(256)) * 16
    with FaultyProxy(s3_server.endpoint) as proxy:
        proxy.without = ("range",)
        files = proxied(s3_store, proxy)
        files.write("a", data)
        assert files.read_range("a", 0, 100) == data[:100]
        assert files.read_range("a", 1000, 100) == data[1000:1100]
        assert files.read_ranges("a", [(5, 5), (300, 5)]) == [data[5:10], data[300:305]]
        assert files.read_into("a", memoryview(bytearray(100))) is False
        whole = bytearray(len(data))
        assert files.read_into("a", memoryview(whole)) is True
        assert whole == data


@pytest.mark.parametrize("scheme", ["s3", "https"])
def test_a_certificate_that_is_not_trusted_is_reported_with_the_way_out(
    s3_credentials: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    pytest.importorskip({"s3": "s3fs", "https": "aiohttp"}[scheme])
    with tls_server(tmp_path) as server:
        s3 = parse_store_address("s3://bucket/a", server.url, "us-east-1")
        address, variable = {
            "s3": (s3, "AWS_CA_BUNDLE"),
            "https": (parse_store_address(f"{server.url}/a"), "SSL_CERT_FILE"),
        }[scheme]
        said = failure(address.url, lambda: files_at(address).read_range("a", 0, 9))
        assert "the certificate of the server is not trusted" in said.message
        assert variable in str(said.hint)
        monkeypatch.setenv(variable, str(server.certificate))  # which is read when the library is imported
        code = f"{READ}\nassert files_at({address!r}).read_range('a', 0, 9) == b'12345'"
        run_python(code)


def test_a_creation_whose_answer_was_lost_is_ours(s3_server: S3Server, s3_store: StoreAddress) -> None:
    with FaultyProxy(s3_server.endpoint) as proxy:
        files = proxied(s3_store, proxy)
        files.create("format.toml", b"1")
        proxy.inject("reset", 1, method="PUT", path="records", after=True)
        assert files.create("records/1", b"1") is True
        assert proxy.count("PUT", "records/1") == 2
        proxy.inject("reset", 1, method="PUT", path="format.toml", after=False)
        assert files.create("format.toml", b"2") is False


def test_the_settings_of_aws_are_used(
    s3_server: S3Server, isolated: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket = s3_server.new_bucket()
    settings = {"region": "us-east-1", "endpoint_url": s3_server.endpoint}
    keys = {name.lower(): value for name, value in CREDENTIALS.items()}
    lines = [f"{name} = {value}" for name, value in {**settings, **keys}.items()]
    (tmp_path / "config").write_text("\n".join(["[profile team]", *lines, ""]))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "team")
    files = files_at(f"s3://{bucket}/store")
    files.write("a", b"1")
    assert files.sizes(["a"]) == [1]
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    said = failure("s3://b", lambda: files_at(f"s3://{bucket}/store").sizes(["a"]))
    assert "AWS configuration" in said.message
    assert "nobody" in said.message


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("http://127.0.0.1:1", "refuses connections"),
        ("http://nothing.invalid", "cannot be resolved"),
    ],
    ids=["refused", "no such host"],
)
def test_a_missing_server_is_reported(
    endpoint: str, words: str, s3_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regolo_git.store.files.retry.FIRST_WAIT_SECONDS", 0.01)
    files = files_at(parse_store_address("s3://bucket/store", endpoint, "us-east-1"))
    said = failure("s3://bucket/store", lambda: files.write("chunks/ab/abcd", b"1"))
    assert words in said.message
    assert "at 'chunks/ab/abcd'" in said.message
    assert said.hint is not None
