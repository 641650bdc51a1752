"""The header of a NumPy array, as NumPy itself reads it: whether objects follow, and how many bytes do."""

import ast
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from regolo_git.layouts import npy
from regolo_git.layouts.pickles.content import Broken, Content, GivesUp

PLAIN = re.compile(r"[<>|=]?(?:[?biufcSUVmM][0-9]{0,9}|[mM]8\[[0-9a-zA-Z]{1,16}\]|b1)")
SIZED = re.compile(r"[<>|=]?([biufcSUVmM])([0-9]{1,9})(?:\[[0-9a-zA-Z]{1,16}\])?")
DEPTH = 8  # of records in records


class Header(NamedTuple):
    """The bytes of a header, and its content; None if that is not plain."""

    length: int
    described: object


def header(content: Content) -> Header:
    """The header of the array with which some content begins.  Raises Broken."""
    length = npy.header_length(content.head(12))
    data = content.head(length) if length is not None else b""
    if length is None or len(data) < length:
        raise Broken("the header of an array is not valid")
    try:
        text = data[10 if data[6] == 1 else 12 :].decode("latin-1").strip()
        return Header(length, ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return Header(length, None)


def has_objects(described: object) -> bool:
    """Whether a header names another type than plain numbers, texts and times."""
    if not isinstance(described, dict) or "descr" not in described:
        return True
    return not all(PLAIN.fullmatch(kind) for kind in _dtypes(described["descr"], DEPTH))


def array_bytes(described: object) -> int:
    """The bytes of an array without objects.  Raises GivesUp if its header is unusual."""
    try:
        shape = described["shape"]  # type: ignore[index]  # a header may be anything: TypeError then
        return _itemsize(described["descr"]) * _product(shape)  # type: ignore[index]  # as above
    except (KeyError, TypeError, ValueError) as error:
        raise GivesUp("an array of it is described in an unusual way") from error


def _dtypes(described: object, depth: int) -> Iterator[str]:
    """The types of the fields; Python's own types have other names, and anything unusual is one."""
    if isinstance(described, str):
        yield described
    elif isinstance(described, list | tuple) and depth:
        for field in described:
            if not isinstance(field, tuple) or len(field) not in (2, 3):
                yield "O"
            else:
                yield from _dtypes(field[1], depth - 1)
    else:
        yield "O"


def _itemsize(described: object) -> int:
    """The bytes of one element.  Raises ValueError or TypeError."""
    if isinstance(described, list):
        return sum(_itemsize(kind) * _product(*shape) for _, kind, *shape in described)
    found = SIZED.fullmatch(described) if isinstance(described, str) else None
    if found is None:
        raise ValueError(described)
    return int(found[2]) * (4 if found[1] == "U" else 1)


def _product(shape: object = ()) -> int:
    lengths = (shape,) if isinstance(shape, int) else shape
    if not isinstance(lengths, tuple) or not all(type(each) is int and each >= 0 for each in lengths):
        raise ValueError(shape)
    return math.prod(lengths)
