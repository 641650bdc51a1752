"""Names of the arrays in a skops file, from its `schema.json`.

skops names an array's member after the address that the array had in memory, so every run of a training
script gives other names.  The schema says where in the object each array is: `steps.scaler.mean_`.  It is
JSON, and read without loading anything.
"""

import json
from collections.abc import Iterator

# A forest of 1,000 trees has 5 MB.
SCHEMA_LIMIT = 8 << 20
NAME_LIMIT = 400
NO_PARTS = ("__", "key_types")  # types and ids
TRANSPARENT = ("content", "__reduce__")
MEMBER = ".npy"
ROOT = "array"  # the name of an array that is the whole object


def array_names(schema: bytes) -> dict[str, str]:
    """Member -> where the object has its array; without what cannot be named; empty for another schema."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for member, path in _arrays(parse(schema)):
        # What several parts of the object share has the name of the first.
        if member not in names and path not in taken:
            names[member] = path
            taken.add(path)
    return names


def parse(schema: bytes) -> object:
    """The document of a schema; None if it cannot be parsed, or would cost too much."""
    # A node names its class, module and loader in over 50 bytes.  A text with far more braces than that would
    # take fifty times its length in Python objects.
    if schema.count(b"{") > 8 + len(schema) // 32 or schema.count(b"[") > 8 + len(schema) // 16:
        return None
    try:
        return json.loads(schema)
    except (ValueError, RecursionError):
        return None


def _arrays(root: object) -> Iterator[tuple[str, str]]:
    """Members and paths, in the order of the text; a stack of iterators, because a schema may be deep."""
    stack: list[Iterator[tuple[str, object]]] = [iter([("", root)])]
    while stack:
        path, node = next(stack[-1], (None, None))
        if path is None:
            stack.pop()
        elif len(path) <= NAME_LIMIT:
            if isinstance(node, dict):
                member = node.get("file")
                if isinstance(member, str) and member.endswith(MEMBER):
                    yield member, path or ROOT
                stack.append(_parts(path, node))
            elif isinstance(node, list):
                stack.append(_elements(path, node))


def _parts(path: str, node: dict[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in node.items():
        if key in TRANSPARENT:
            yield path, value
        elif not key.startswith(NO_PARTS) and _is_plain(key):
            yield _joined(path, key), value


def _elements(path: str, nodes: list[object]) -> Iterator[tuple[str, object]]:
    """Elements by their number; a pair of a name and an estimator, as a pipeline has them, by that name."""
    for number, node in enumerate(nodes):
        name = _first_text(node)
        if name is None:
            yield _joined(path, str(number)), node
        else:
            assert isinstance(node, dict)
            yield from _named(_joined(path, name), node["content"])


def _named(path: str, content: object) -> Iterator[tuple[str, object]]:
    assert isinstance(content, list)
    yield path, content[1]
    yield from ((_joined(path, str(number)), node) for number, node in enumerate(content[2:], 2))


def _first_text(node: object) -> str | None:
    """The name that a tuple begins with, if anything follows it."""
    match node:
        case {
            "__loader__": "TupleNode",
            "content": [{"__loader__": "JsonNode", "content": str(text)}, _, *_],
        }:
            try:
                name = json.loads(text)
            except (ValueError, RecursionError):
                return None
            return name if isinstance(name, str) and name and _is_plain(name) else None
    return None


def _joined(path: str, part: str) -> str:
    return f"{path}.{part}" if path else part


def _is_plain(text: str) -> bool:
    """False for control characters, and for lone surrogates, which JSON has and UTF-8 has not."""
    return text.isprintable()
