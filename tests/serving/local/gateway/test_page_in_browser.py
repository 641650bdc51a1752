"""The page and `/docs` in a real browser: what is there once the scripts have run, and what it complains about."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.browser import DESK, PHONE, Tab, browser, chromium
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, kill, running_engine

from regolo_git.records.canary import CanaryPolicy, Candidate
from regolo_git.records.endpoint import Endpoint
from regolo_git.serving.local.admin_client import ask
from regolo_git.serving.local.runtime_directory import RuntimeDirectory

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]

SCRIPT = "<script>document.title = 'pwned'</script><img src=x onerror=\"document.title='pwned'\">"
REFUSED = "the branch refuses the push: 1.1 gets no traffic here, and the commit waits"
HELPS = "git pull --rebase"
WAITS = f"{REFUSED}: {HELPS}"
LONG = "a-name-" * 20 + "e"
WIDTHS = "[document.documentElement.scrollWidth, innerWidth]"
# `.ci/run` brings it from npm: a check of barriers, of Deque, under the Mozilla Public License 2.0.
AXE = Path(os.environ.get("AXE_CORE", "nowhere/axe.min.js"))


def evidence() -> dict[str, object]:
    """What a controller has written after 40 blocks."""
    now, names = datetime.now(UTC), ("error_rate", "latency_over")
    series = [
        {
            "time": (now - timedelta(seconds=5 * (40 - number))).isoformat(),
            "requests": [90, 10],
            "failures": {name: [1, 1] for name in names},
            "log_evidence": {name: [number / 10, -number / 8] for name in names},
        }
        for number in range(40)
    ]
    arms = {"baseline": {"requests": 3600, "failures": 40}, "candidate": {"requests": 400, "failures": 40}}
    metrics = [
        {"name": name, "limit_ms": 250, "direction": direction, "log_evidence": found, "bound": bound, **arms}
        for name in names
        for direction, found, bound in (("worse", 3.9, 5.3), ("not_worse", -4.9, 3.0))
    ]
    said = {
        "verdict": {"kind": "hold", "reason": f"undecided {SCRIPT}"},
        "waiting": f"{REFUSED} (hint: {HELPS})",
    }
    step = {"step": 0, "steps": [0.1, 0.3, 0.5], "share": 0.1}
    where = {"candidate": "1.1", "baseline": "1.0", "decided_by": "g-1", **step}
    return {"format": 1, "since": now.isoformat(), "metrics": metrics, "series": series, **said, **where}


def try_out(registry: FolderRegistry, version: str | None) -> str:
    """Commits the endpoint `e` with a canary of a version, or without one."""
    commit = registry.endpoint("e", {"1.0": 0.9, "1.1": 0.1})
    if version is None:
        return commit
    written = registry.folder / "commits" / commit / "e.toml"
    endpoint = Endpoint.parse(written.read_text(), "endpoints/e.toml")
    candidate = Candidate(version, 0, datetime.now(UTC), decided_by="other-gateway")
    return registry.file("e", replace(endpoint, canary=CanaryPolicy(), candidate=candidate).to_text())


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> FolderRegistry:
    registry = FolderRegistry(tmp_path_factory.mktemp("page") / "registry")
    serving = PYTHON | {"warmup": [{"inputs": [SCRIPT]}]}
    for version in ("1.0", "1.1"):
        registry.version(version, {"serve.py": f"# {version}\n{ECHO}"}, serving)
    commit = registry.endpoint(LONG, {"1.0": 1.0, "1.1": 0.0})
    place = f"endpoints/{LONG}.toml"
    endpoint = Endpoint.parse((registry.folder / "commits" / commit / f"{LONG}.toml").read_text(), place)
    registry.file(LONG, replace(endpoint, shadow={"1.1": 0.5}).to_text())
    try_out(registry, "1.1")
    rows = [
        ["traffic", SCRIPT, SCRIPT],
        ["canary-abort", "Ada", "not today"],
        *([["traffic", "Ada", "more"]] * 8),
    ]
    (registry.folder / "changes.json").write_text(json.dumps(rows))
    return registry


@pytest.fixture(scope="module")
def engine(registry: FolderRegistry) -> Iterator[RunningEngine]:
    with running_engine(registry) as engine:
        for name in ("e", LONG):
            engine.until_serving(name, (registry.folder / "HEAD").read_text())
        place = engine.common / "regolo" / "serving" / "canary" / "e.json"
        place.parent.mkdir(exist_ok=True)
        place.write_text(json.dumps(evidence()))
        yield engine


def in_browser(look: Callable[[Tab], Awaitable[None]]) -> None:
    async def run() -> None:
        async with browser() as tab:
            await look(tab)

    asyncio.run(run())


async def shown(tab: Tab) -> str:
    """The text of the page once it has data."""
    await tab.until(
        "!document.getElementById('shown').hidden && document.getElementById('commits').innerText"
    )
    return await tab.value("document.getElementById('main').innerText")


async def barriers(tab: Tab) -> list[str]:
    """What axe-core finds that is serious, or worse."""
    await tab.value(f"{AXE.read_text()}; 0")
    found = "v.impact + ' ' + v.id + ' ' + v.nodes.map(n => n.html).join(' ')"
    return await tab.value(
        "axe.run().then(r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
        f".map(v => {found}))"
    )


def assert_sound(tab: Tab, engine: RunningEngine) -> None:
    assert tab.complaints == []
    assert {url for url in tab.requests if not url.startswith((f"{engine.address}/", "about:"))} == set()


def test_the_page_shows_split_rates_evidence_and_commits(engine: RunningEngine) -> None:
    async def look(tab: Tab) -> None:
        await tab.open(f"{engine.address}/page?endpoint=e")
        assert "No requests in this time" in await shown(tab)
        for _ in range(30):
            engine.predict([1], "/endpoints/e/invocations")
        await tab.until("document.querySelector('#requests canvas')")
        text = await shown(tab)
        for words in (
            WAITS,
            "Hold",
            "90 %",
            "3.90 of 5.30",
            "−4.90 of 3.00",
            "10 %, step 1 of 3",
            "Slower than 250 ms",
        ):
            assert words in text, words
        # What others wrote is text: a message, its author, and a reason.
        assert text.count("onerror=") == 3
        assert await tab.value("document.querySelectorAll('main script, main img').length") == 0
        assert await tab.value("document.title") == "e · regolo-git"
        canvases = "document.querySelectorAll('figure .stage canvas').length"
        assert await tab.value(canvases) == 5
        assert await tab.value("document.querySelector('.notice .command').textContent") == HELPS
        rows = (
            "[...document.querySelectorAll('.card details:has(table)')].map(d => { d.open = true; return d })"
        )
        await tab.value(f"{rows}.length")
        await tab.until("document.querySelectorAll('#canary details tbody tr').length === 80")
        for size, dark in ((DESK, False), (DESK, True), (PHONE, False), (PHONE, True)):
            await tab.resize(size)
            await tab.shade(dark=dark)
            await tab.until(f"innerWidth === {size[0]}")
            content, width = await tab.value(WIDTHS)
            assert content <= width, "the page is wider than the window"
            paper = await tab.value("getComputedStyle(document.body).backgroundColor")
            assert paper == ("rgb(14, 18, 23)" if dark else "rgb(246, 247, 249)")
            if AXE.exists():
                assert await barriers(tab) == []
        assert_sound(tab, engine)

    in_browser(look)


def test_a_canary_is_told_apart_from_the_last_one(registry: FolderRegistry, engine: RunningEngine) -> None:
    async def look(tab: Tab) -> None:
        await tab.open(f"{engine.address}/page?endpoint=e")
        await shown(tab)
        heading = "document.getElementById('canary-title').textContent"
        assert await tab.value(heading) == "Canary"
        assert WAITS in await shown(tab)
        kept = RuntimeDirectory.of(engine.common).canary("e")
        os.utime(kept, (1_700_000_000, 1_700_000_000))
        canary = "document.getElementById('canary').innerText"
        await tab.until(f"{canary}.includes('Not measured now')")
        assert "not any more: git regolo serve --canary" in await tab.value(canary)
        kept.write_text(json.dumps(evidence() | {"step": 1, "steps": [0.05]}))
        await tab.until(f"!{canary}.includes('Not measured now')")
        assert "10 %, not a step any more; next is 100 %" in await tab.value(canary)
        ask(engine.common, "POST", "/endpoints/e/withhold?version=1.1")
        await tab.until("document.getElementById('notices').innerText.includes('1.1 gets no requests here')")
        assert await tab.value("[...document.querySelectorAll('#bar span')].map(part => part.hidden)") == [
            False,
            True,
        ]
        engine.until_serving("e", try_out(registry, "1.0"))
        await tab.until("document.getElementById('canary').innerText.includes('other-gateway')")
        assert "No evidence here" in await tab.value("document.getElementById('canary').innerText")
        engine.until_serving("e", try_out(registry, None))
        await tab.until(f"{heading} === 'Last canary'")
        # How it ended is what the branch says, and nothing waits for it any more.
        assert await tab.value("document.querySelector('#canary .verdict').textContent") == "Aborted"
        assert WAITS not in await shown(tab)
        assert "not a step any more" not in await shown(tab)
        assert_sound(tab, engine)

    in_browser(look)


def test_a_shadow_is_shown_apart(engine: RunningEngine) -> None:
    async def look(tab: Tab) -> None:
        await tab.open(f"{engine.address}/page?endpoint={LONG}")
        assert "1.1\t50 %\t0\t–\t–" in await shown(tab)
        kill(engine.workers(LONG, "1.1")[0])
        traffic = "document.getElementById('bar').parentElement.innerText"
        await tab.until(f"{traffic}.includes('1 of 1 (1 restart)')")
        for _ in range(20):
            engine.predict([1], f"/endpoints/{LONG}/invocations")
        await tab.until(
            "document.querySelector('#shadows td:nth-child(4)').textContent.startsWith('100 % of ')"
        )
        assert "1.1\t50 %" in await tab.value("document.getElementById('shadows').innerText")
        assert_sound(tab, engine)

    in_browser(look)


def test_the_keyboard_reaches_everything(engine: RunningEngine) -> None:
    async def look(tab: Tab) -> None:
        await tab.open(f"{engine.address}/page?endpoint=e")
        await shown(tab)
        reached = []
        for _ in range(24):
            await tab.press("Tab")
            reached.append(
                await tab.value(
                    "(document.activeElement.textContent || document.activeElement.name).trim().slice(0, 20)"
                )
            )
        assert reached[0] == "Skip to the content"
        for name in ("Endpoints", "How to call", "window", "Table", "Pause updates"):
            assert name in reached, reached
        await tab.value("document.querySelector('input[value=\"3600\"]').click()")
        await tab.until("performance.getEntriesByType('resource').some(r => r.name.includes('window=3600'))")
        await tab.value("document.getElementById('pause').click()")
        assert await tab.value("document.getElementById('pause').getAttribute('aria-pressed')") == "true"
        await tab.go(f"{engine.address}/page?endpoint=%3Cscript%3Ealert(1)%3C/script%3E")
        await tab.until("document.getElementById('lost').innerText.includes('<script>alert(1)</script>')")

    in_browser(look)


def test_the_docs_have_the_commands(engine: RunningEngine) -> None:
    async def look(tab: Tab) -> None:
        await tab.open(f"{engine.address}/docs", size=PHONE)
        assert await tab.value("document.querySelectorAll('pre').length") == 2
        assert "onerror=" in await tab.value("document.querySelector('pre').innerText")
        content, width = await tab.value(WIDTHS)
        assert content <= width
        if AXE.exists():
            assert await barriers(tab) == []
        assert_sound(tab, engine)

    in_browser(look)


def test_with_a_token_the_page_asks_for_it(registry: FolderRegistry, engine: RunningEngine) -> None:
    """In a registry of its own directory: one engine serves each."""

    async def look(tab: Tab, address: str) -> None:
        for path, there in (
            ("/page", "document.getElementById('bar').children.length"),
            ("/docs", "document.querySelector('pre')"),
        ):
            await tab.open(f"{address}{path}")
            await tab.until("document.getElementById('sign-in')?.hidden === false")
            if AXE.exists():
                assert await barriers(tab) == []
            for token, expected in (
                ("wrong", "document.getElementById('sign-in-problem').innerText"),
                ("operators", there),
            ):
                await tab.value(
                    f"document.getElementById('token').value = '{token}'; document.querySelector('#sign-in button').click()"
                )
                await tab.until(expected)
            await tab.value("sessionStorage.clear()")
        assert not [url for url in tab.requests if "operators" in url]

    common = str(registry.folder.parent / "second")
    chosen = {"token": "callers", "page_token": "operators"}
    with running_engine(registry, common=common, options=chosen) as second:
        in_browser(lambda tab: look(tab, second.address))


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there (AXE_CORE names its axe.min.js)")
def test_the_check_of_barriers_finds_one(engine: RunningEngine) -> None:
    async def look(tab: Tab) -> None:
        await tab.open(f"{engine.address}/page?endpoint=e")
        await shown(tab)
        await tab.value("document.getElementById('name').innerHTML = '<img src=\"/page/icon.svg\">'")
        assert [found.split()[1] for found in await barriers(tab)] == ["image-alt"]

    in_browser(look)
