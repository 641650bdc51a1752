"""What a scikit-learn model in a skops file takes and answers, from its `schema.json` and its class labels.

An array of the model may have another shape after each training, as the nodes of a tree or the support
vectors have: that is what was learned.  What callers depend on are the estimator's class, its features with
their names and order, and its outputs: their number, or the classes in the order of the probabilities.  A
model that does not say all of them is Malformed, and its arrays are compared as those of any file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO

from regolo_git.layouts import npy, skops
from regolo_git.layouts.bounded import read_at
from regolo_git.layouts.interface import VALUES_LIMIT, FileInterface
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.zip_members import SKOPS_SCHEMA, Member, content_start, read_directory

LABELS_LIMIT = 1 << 20  # bytes of an array
NESTING_LIMIT = 16  # estimators in estimators
TEXTS = ("CountVectorizer", "HashingVectorizer", "TfidfVectorizer")
TYPES = {"i": "int", "u": "int", "f": "float", "b": "bool"}  # Python's, and those of other arrays are texts
# Estimators without a number of outputs, because they have one.
ONE_OUTPUT = frozenset(
    (
        "AdaBoostRegressor",
        "GradientBoostingRegressor",
        "HistGradientBoostingRegressor",
        "IsolationForest",
        "NuSVR",
        "OneClassSVM",
        "SVR",
    )
)
Node = Mapping[str, Any]


def skops_interface(file: BinaryIO, size: int) -> FileInterface:
    """The interface of a model.  Raises Malformed, and Cut for a file that ends too early."""
    archive = _Archive(file, size)
    root = archive.schema()
    answering = _innermost(root, -1)
    inputs, outputs = _few(_inputs(_innermost(root, 0))), _few(_outputs(archive, answering))
    return FileInterface(inputs, outputs, _class(answering))


def _few(named: Iterator[tuple[str, str]]) -> Mapping[str, str]:
    """Those of a list that may name one array many times."""
    first = list(islice(named, VALUES_LIMIT + 1))
    if len(first) > VALUES_LIMIT:
        raise Malformed
    return dict(first)


class _Archive:
    """The members of the file by name."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        members, self._directory = read_directory(file, size)
        self._members = {member.name: member for member in members}

    def schema(self) -> Node:
        """The schema's root."""
        return _node(skops.parse(self._read(SKOPS_SCHEMA, skops.SCHEMA_LIMIT)))

    def shape(self, node: Node) -> tuple[int, ...]:
        """The shape of an array in a member of its own."""
        return npy.described(self._read(_text(node.get("file")), None)).shape

    def labels(self, node: Node) -> tuple[str, list[str]]:
        """The type of the values of an array with one axis, and the values as texts."""
        if node.get("type") == "json":
            values = [_value(_node(each)) for each in _sequence(node.get("content"))]
            return " or ".join(sorted({type(value).__name__ for value in values})), list(map(str, values))
        array = self._read(_text(node.get("file")), LABELS_LIMIT)
        return TYPES.get(npy.described(array).kind.lstrip("<|=>")[0], "str"), npy.texts(array)

    def _read(self, name: str, limit: int | None) -> bytes:
        """A member; without a limit as much as the header of an array may have."""
        member: Member | None = self._members.get(name)
        if member is None or not member.plain or (limit is not None and member.size > limit):
            raise Malformed
        start = content_start(self._file, member, self._directory)
        return read_at(self._file, start, member.size if limit is not None else min(member.size, 128))


# -- estimators in estimators -----------------------------------------------------------------------------


def _innermost(node: Node, step: int) -> Node:
    """The estimator in the first (0) or last (-1) step of pipelines and the best one of searches."""
    for _ in range(NESTING_LIMIT):
        held = _attributes(node)
        if "best_estimator_" in held:
            node = _node(held["best_estimator_"])
        elif _class(node) == "Pipeline":
            steps = [_node(_pair(each)[1]) for each in _sequence(_node(held.get("steps")).get("content"))]
            node = [each for each in steps if each.get("__loader__") != "JsonNode"][step]  # no "passthrough"
        else:
            return node
    raise Malformed


def _inputs(node: Node) -> Iterator[tuple[str, str]]:
    if _class(node) in TEXTS:
        yield "X", "texts"
        return
    held = _attributes(node)
    named = "feature_names_in_" in held
    names = _sequence(_node(held["feature_names_in_"]).get("content")) if named else ()
    # An ensemble of named estimators does not hold the number.
    count = _value(_node(held["n_features_in_"])) if "n_features_in_" in held else len(names) or None
    if type(count) is not int:
        raise Malformed
    yield "X", f"[N, {count}]"
    yield from ((str(_value(_node(name))), f"column {number}") for number, name in enumerate(names))


def _outputs(archive: _Archive, node: Node) -> Iterator[tuple[str, str]]:
    held = _attributes(node)
    if "classes_" in held:
        classes = _node(held["classes_"])
        of_each = _sequence(classes.get("content")) if classes.get("__loader__") == "ListNode" else None
        yield "y", _shape(len(of_each)) if of_each is not None else "[N]"
        for place, array in enumerate(of_each or [classes]):
            of = f"y.{place}" if of_each is not None else "y"
            kind, labels = archive.labels(_node(array))
            yield f"{of} classes", f"{len(labels)} {kind}"
            yield from ((f"{of} = {label}", f"class {number}") for number, label in enumerate(labels))
    elif "n_outputs_" in held:
        yield "y", _shape(_value(_node(held["n_outputs_"])))
    elif "_y" in held:  # the neighbours that it learned
        yield "y", _shape(*archive.shape(_node(held["_y"]))[1:])
    elif _class(node) in ONE_OUTPUT:
        yield "y", _shape(1)
    else:
        raise Malformed


def _shape(*sizes: object) -> str:
    return f"[{', '.join(('N', *map(str, sizes)))}]" if sizes not in ((), (1,)) else "[N]"


# -- nodes of the schema ----------------------------------------------------------------------------------


def _attributes(node: Node) -> Node:
    """What an object holds, by name."""
    return _node(_node(node.get("content")).get("content"))


def _class(node: Node) -> str:
    return _text(node.get("__class__"))


def _pair(step: object) -> Sequence[object]:
    pair = _sequence(_node(step).get("content"))
    if len(pair) < 2:
        raise Malformed
    return pair


def _value(node: Node) -> object:
    try:
        return json.loads(_text(node.get("content")))
    except (ValueError, RecursionError):
        raise Malformed from None


def _node(value: object) -> Node:
    if not isinstance(value, dict):
        raise Malformed
    return value


def _sequence(value: object) -> Sequence[object]:
    if not isinstance(value, list) or not 0 < len(value) <= VALUES_LIMIT:
        raise Malformed
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Malformed
    return value
