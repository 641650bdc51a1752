"""Values as plain dictionaries and in notebooks, with texts that are made to hurt a page."""

import json
import pickle
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.command_line import Regolo
from support.command_line_fixtures import regolo
from support.copies import built_once
from support.model_versions import manifest
from support.public_values import HOSTILE, fill, public_values

import regolo_git
from regolo_git import (
    CheckedOut,
    CheckedOutFiles,
    DifferingTag,
    EvictionPlan,
    Fetched,
    MissingDependency,
    NotFound,
    Pulled,
    PushedVersion,
    PushResult,
    Registry,
    RemoteVersion,
    SentContent,
    VersionToEvict,
)  # fmt: skip
from regolo_git.artifacts.transfer.evict import Eviction

__all__ = ["regolo"]


@pytest.fixture
def filled(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    top = registry.handle.paths.top
    built_once(tmp_path_factory, "public_values", top, lambda: fill(registry, top))
    return registry


def each(registry: Registry) -> Iterator[Any]:
    for value in public_values(registry):
        yield from value if isinstance(value, list) else [value]


def test_every_value_is_plain_on_request(filled: Registry) -> None:
    for value in public_values(filled):
        found = value.to_dict()
        assert json.loads(json.dumps(found, allow_nan=False)) == found, type(value)


EXCHANGED = (
    PushResult("origin", ("main",), (PushedVersion("m", "1.1", "1.0"),), (), SentContent("s3://b", 1, 9)),
    Pulled(
        Fetched("origin", ("m@1.0",), (), (DifferingTag("m@v1.1", "origin"),), {}),
        ("main",),
        (PushedVersion("m", "1.1", "1.0"),),
        CheckedOutFiles((CheckedOut("m", "1.0", Path("a b"), 3, 3),), (NotFound("no 'm'", "look"),)),
        (manifest(),),
    ),
    DifferingTag("m@v1.1", "origin"),
    EvictionPlan((VersionToEvict("m@1.0", 3), VersionToEvict("m@1.1", 0, "in use")), Eviction((), {}, {})),
    RemoteVersion("m", "1.0", "origin", "m@v1.0", "a" * 40, "absent"),
)


@pytest.mark.parametrize("value", EXCHANGED, ids=lambda value: type(value).__name__)
def test_the_result_of_an_exchange_is_plain_and_picklable(value: Any) -> None:
    found = value.to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert pickle.loads(pickle.dumps(value)).to_dict() == found


def test_every_public_type_has_plain_values() -> None:
    types = [getattr(regolo_git, name) for name in regolo_git.__all__]
    values = [kind for kind in types if isinstance(kind, type) and not issubclass(kind, Exception)]
    without = {kind.__name__ for kind in values if not hasattr(kind, "to_dict")}
    assert without == {"Registry", "Progress", "MetricChange"}  # the last one is a dictionary


SAME: list[tuple[tuple[str, ...], Callable[[Registry], Any]]] = [
    (("list",), lambda r: r.list_models()),
    (("list", "m"), lambda r: r.list_model_versions("m")[::-1]),
    (("show", "m@1.1"), lambda r: r.get_model_version("m@1.1")),
    (("diff", "m@1.0", "m@1.1"), lambda r: r.compare_model_versions("m", "1.0", "1.1")),
    (("endpoint", "show", "e"), lambda r: r.list_endpoints()[0]),
    (("endpoint", "history", "e"), lambda r: r.get_endpoint_history("e")),
    (("blame", "m"), lambda r: r.blame_metric("m")),
    (("environment", "list"), lambda r: r.list_environments()),
    (("history", "m"), lambda r: r.get_promotion_history("m")),
]


def test_names_and_values_are_those_of_the_command_line(
    filled: Registry, regolo: Regolo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(filled.handle.paths.top)
    for command, value in SAME:
        printed, found = json.loads(regolo(*command, "--json").out), value(filled).to_dict()
        for one, other in zip(*([x] if isinstance(x, dict) else x for x in (printed, found)), strict=True):
            same = one.keys() & other.keys() - {"endpoints"}
            assert {key: one[key] for key in same} == {key: other[key] for key in same}, command
            assert len(same) >= min(len(one), len(other)) - 2, command


class Tags(HTMLParser):
    """The elements of a page, with the attributes that they have."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attrs} or {(tag, "")}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_no_text_of_a_repository_is_markup_in_a_notebook(filled: Registry) -> None:
    shown = [value for value in public_values(filled) if hasattr(value, "_repr_html_")]
    kinds = {type(value).__name__ for value in shown}
    assert kinds >= {"ModelVersion", "Model", "Comparison", "RevisionComparison", "Review", "ValueList"}
    text = ""
    for value in shown:
        page, tags = value._repr_html_(), Tags()
        tags.feed(page)
        text += tags.text
        used = {tag for tag, _ in tags.found}
        assert used <= {"div", "style", "p", "table", "tr", "th", "td", "code", "strong", "span", "details",
                        "summary"}, type(value)  # fmt: skip
        assert {name for _, name in tags.found} <= {"", "class", "open"}
        assert page.startswith("<div class=")
        assert "body {" not in page
    assert HOSTILE[:20] in text


def test_values_have_a_short_text(filled: Registry) -> None:
    for value in each(filled):
        assert len(repr(value)) < 1000 or type(value).__name__ in (
            "Comparison",
            "RevisionComparison",
            "Review",
        )
    assert repr(filled.get_model_version("m@1.1")) == "<ModelVersion m@1.1 staging, 1 B>"
    assert repr(filled) == f"<Registry {str(filled.handle.paths.top)!r}>"


def test_a_list_is_a_list(filled: Registry) -> None:
    versions = filled.list_model_versions("m")
    assert isinstance(versions, list)
    assert versions == list(versions)
    assert type(versions[1:]) is type(versions)
    assert versions[-1].version == "1.2"


# -- pandas -----------------------------------------------------------------------------------------------


def test_versions_are_rows_with_their_metrics_as_columns(filled: Registry) -> None:
    pytest.importorskip("pandas")
    frame = filled.list_model_versions("m").to_pandas()
    assert list(frame["version"]) == ["1.0", "1.1", "1.2"]
    assert list(frame["accuracy"])[:2] == [0.8, 0.9]
    assert frame["f1"][1:].tolist() == [0.7, 0.5]
    assert str(frame["created_at"].dtype).startswith("datetime64[")
    assert filled.list_environments().to_pandas()["environment"].tolist() == ["staging"]


def test_without_pandas_the_package_is_named(filled: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependency) as missing:
        filled.list_models().to_pandas()
    assert missing.value.hint == "pip install pandas"
