"""Who may call: names of this server and sites, as an operator and a browser write them."""

from pathlib import Path

import pytest

from regolo_git.serving.local.access import Access
from regolo_git.serving.options import ServeOptions
from regolo_git.serving.policy import Policy

OURS = Access.of(
    ServeOptions(Path(), policy=Policy(hosts=("models.example",), origins=("https://app.example",)))
)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:9000",
        "127.8.8.8",
        "[::1]",
        "[::1]:8080",
        "models.example",
        "MODELS.example:443",
        "localhost:",
        "[::1]:",
        "localhost ",
    ],
)
def test_a_gateway_without_token_knows_its_own_names(host: str) -> None:
    assert OURS.knows(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil@localhost",
        "localhost:8080:evil.example",
        "192.168.1.5",
        "0.0.0.0",
        "",
        ":8080",
        "[::2]:8080",
        "x.models.example",
        "127.0.0.1:port",
    ],
)
def test_it_knows_no_other(host: str) -> None:
    assert not OURS.knows(host)


def test_it_also_knows_the_address_that_it_listens_on() -> None:
    access = Access.of(ServeOptions(Path(), listen="127.0.0.2:0"))
    assert access.hosts == ("localhost", "127.0.0.2")
    assert access.knows("127.0.0.2:8080")


def test_a_page_of_this_machine_or_of_a_site_that_the_operator_named_may_call() -> None:
    for origin in (
        "http://localhost:3000",
        "https://127.0.0.1",
        "https://app.example",
        "https://APP.example",
    ):
        assert OURS.admits(origin)
    for origin in (
        "https://evil.example",
        "null",
        "file://localhost",
        "https://app.example.evil",
        "localhost",
    ):
        assert not OURS.admits(origin)
    assert OURS.shares_with("https://app.example")
    assert not OURS.shares_with("http://localhost:3000")
    assert Access(None, ("localhost",), ("*",)).admits("https://evil.example")


def test_with_a_token_every_name_and_site_may_call() -> None:
    access = Access.of(ServeOptions(Path(), token="secret"))
    assert access == Access("secret", None, ())
    assert access.knows("evil.example")
    assert access.admits("https://evil.example")
