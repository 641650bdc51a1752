"""`/docs` as HTML: for each endpoint the commands that call it, and its inputs and outputs."""

from collections.abc import Sequence

from regolo_git.serving.local.gateway.page.described import Described, Tensor
from regolo_git.serving.local.gateway.page.example_calls import example_calls
from regolo_git.text.html import escape

HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>How to call · regolo-git</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/page.css">
<script type="module" src="/page/docs.js"></script>
</head>
<body class="docs">
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><p class="brand">regolo-git</p><nav aria-label="Pages"><a href="/page">Endpoints</a>
<a href="/docs" aria-current="page">How to call</a></nav></header>
"""
SIGN_IN = """<main id="main" class="narrow"><h1>How to call</h1>
<form id="sign-in" class="card"><label for="token">The operator's token</label>
<p class="quiet" id="token-note">It stays in this tab, and is sent to this server alone.</p>
<input id="token" type="password" autocomplete="off" required aria-describedby="token-note">
<button type="submit">Show</button><p id="sign-in-problem" role="alert"></p></form>
</main>"""
TOKEN_NOTE = "; <code>TOKEN</code> is the token of callers"
TAIL = "\n</body>\n</html>\n"


def docs_html(endpoints: Sequence[Described], address: str, *, needs_token: bool, links: bool) -> str:
    """The whole page; `links` to other documents are for browsers that need no token to follow them."""
    parts = [_endpoint(described, address, needs_token, links) for described in endpoints]
    none = "<p>Nothing is served at present.</p>"
    main = f"""<main id="main"><h1>How to call</h1>
<p class="lead">Commands made from each model's own inputs{TOKEN_NOTE if needs_token else ""}. The header
<code>x-model-version</code> of an answer names the version that gave it.</p>
<p>All of it as an OpenAPI document: {_place("/docs/openapi.json", links)}</p>
{"".join(parts) or none}</main>"""
    return HEAD + main + TAIL


def sign_in_html() -> str:
    """The page that asks for the token, and then fetches the other."""
    return HEAD + SIGN_IN + TAIL


def _endpoint(described: Described, address: str, needs_token: bool, links: bool) -> str:
    name = escape(described.endpoint)
    calls = "".join(
        f"<h3>{escape(title)}</h3><pre><code>{escape(command)}</code></pre>"
        for title, command in example_calls(described, address, needs_token=needs_token)
    )
    problem = f'<p class="notice">{escape(described.problem)}.</p>' if described.problem else ""
    tables = _table("Inputs", described.inputs) + _table("Outputs", described.outputs)
    if not tables:
        tables = '<p class="quiet">The model\'s format does not describe its inputs and outputs.</p>'
    return (
        f'<section class="card" aria-labelledby="of-{name}"><h2 id="of-{name}">{name}</h2>'
        f'{problem}{calls}{tables}<p class="quiet">Its metadata as JSON: '
        f"{_place(f'/v2/models/{name}', links)}</p></section>"
    )


def _place(path: str, links: bool) -> str:
    return f'<a href="{path}">{path}</a>' if links else f"<code>{path}</code>"


def _table(title: str, tensors: Sequence[Tensor]) -> str:
    if not tensors:
        return ""
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(tensor.name)}</code></th><td>{escape(tensor.datatype)}</td>'
        f"<td>{escape(_shape(tensor))}</td></tr>"
        for tensor in tensors
    )
    head = "".join(f'<th scope="col">{column}</th>' for column in ("Name", "Type", "Shape"))
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}">'
        f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _shape(tensor: Tensor) -> str:
    return " by ".join("any" if size < 0 else str(size) for size in tensor.shape) or "one value"
