"""Filters of versions: `accuracy > 0.9 and not (license == "gpl-3.0") and has eval.f1`.

A comparison takes names, numbers, quoted strings, `true` and `false`.  A name may have dots, slashes and
hyphens; any other name is in brackets: `[my metric] > 3`.  Strings are compared as versions or times with a
value of that kind.  A comparison with a value that a version lacks, or of values of two kinds, is false.
No Python is evaluated.
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, NoReturn

from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import is_number
from regolo_git.records.versions import Version
from regolo_git.text.printable import printable
from regolo_git.text.times import parse_time

Scalar = str | bool | int | float | date | Version
Value = Scalar | Sequence[Scalar]
ValueOf = Callable[[str], Value | None]

LENGTH, DEPTH = 4000, 50
EXAMPLE = "write it as: accuracy > 0.9 and not license == 'gpl-3.0' and has eval.f1"
UNITS = {"": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
TOKEN = re.compile(
    r"""(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?P<unit>[kMGT]B)?(?![\w.])
    |(?P<version>v?[0-9]+\.[0-9]+\.[0-9]+[\w.+-]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>[^\W\d][\w./-]*|\[[^\[\]]+\])
    |(?P<sign><=|>=|==|!=|<|>|=|\(|\))""",
    re.VERBOSE,
)
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
}
WORDS = ("and", "or", "not", "has", "true", "false")


@dataclass(frozen=True, slots=True)
class Name:
    """What a version has under a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in the filter, and its text there, by which it is a version or a time where one is compared."""

    value: Scalar
    text: str


Operand = Name | Literal


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left sign right`."""

    left: Operand
    sign: str
    right: Operand


@dataclass(frozen=True, slots=True)
class Has:
    """Whether a version has something under a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    inner: "Condition"


@dataclass(frozen=True, slots=True)
class Joined:
    """All of some conditions, or any."""

    conditions: "tuple[Condition, ...]"
    every: bool


Condition = Comparison | Has | Not | Joined


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed filter; `compared` are the names that it compares, `names` those and the ones it asks for."""

    condition: Condition
    compared: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Parses a filter.  Raises InvalidInput with the position of what is wrong."""
        parser = _Parser(text)
        condition = parser.whole()
        return cls(condition, tuple(dict.fromkeys(parser.compared)), tuple(dict.fromkeys(parser.names)))

    @classmethod
    def of_labels(cls, wanted: Mapping[str, str | None], also: "Filter | None" = None) -> "Filter":
        """A filter for labels with these values, None for any value, and for what another filter finds."""
        names = {f"labels.{name}": value for name, value in wanted.items()}
        conditions: list[Condition] = [
            Has(name) if value is None else Comparison(Name(name), "==", Literal(value, value))
            for name, value in names.items()
        ]
        if also is not None:
            conditions.append(also.condition)
        named = (*names, *(also.names if also is not None else ()))
        return cls(Joined(tuple(conditions), every=True), also.compared if also is not None else (), named)

    def matches(self, value_of: ValueOf) -> bool:
        """Whether a version meets it; `value_of` gives what the version has under a name."""
        return _holds(self.condition, value_of)


def _holds(condition: Condition, value_of: ValueOf) -> bool:
    match condition:
        case Has(name):
            return value_of(name) is not None
        case Not(inner):
            return not _holds(inner, value_of)
        case Joined(conditions, every):
            found = (_holds(inner, value_of) for inner in conditions)
            return all(found) if every else any(found)
        case Comparison(left, sign, right):
            a, b = (value_of(x.name) if isinstance(x, Name) else x for x in (left, right))
            return a is not None and b is not None and _compares(a, sign, b)


def _compares(a: Value | Literal, sign: str, b: Value | Literal) -> bool:
    for one, other in ((a, b), (b, a)):
        if isinstance(one, list | tuple):
            found = [_compares(x, "==" if sign == "!=" else sign, other) for x in one]
            return not any(found) if sign == "!=" else any(found)
    left, right = _alike(a, b), _alike(b, a)
    if left is None or right is None or _kind(left) != _kind(right):
        return False
    if isinstance(left, bool) and sign not in ("==", "=", "!="):
        return False
    return SIGNS[sign](left, right)


def _alike(value: Value | Literal, other: Value | Literal) -> Value | None:
    """A literal as a value of the kind of the other one; None if it cannot be one."""
    if not isinstance(value, Literal):
        return _as_time(value)
    if isinstance(other, Version):
        try:
            return Version.parse(value.text)
        except InvalidInput:
            return None
    if isinstance(other, date):
        return parse_time(value.text)
    return value.value


def _as_time(value: Value) -> Value | None:
    """A day as its beginning, and a time without a zone as one of the local zone."""
    if isinstance(value, date) and (not isinstance(value, datetime) or value.tzinfo is None):
        return parse_time(value.isoformat())
    return value


def _kind(value: Value) -> object:
    return "number" if is_number(value) else type(value)


class _Token(NamedTuple):
    kind: str
    text: str
    unit: str
    at: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._at = 0
        self.compared: list[str] = []
        self.names: list[str] = []
        if len(text) > LENGTH:
            raise InvalidInput(f"a filter of {len(text)} characters is longer than {LENGTH}", EXAMPLE)
        self._tokens = list(self._split())

    def _split(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._text):
            if self._text[at].isspace():
                at += 1
                continue
            found = TOKEN.match(self._text, at)
            if found is None:
                self._fail("this cannot be read", at)
            kind = found.lastgroup if found.lastgroup != "unit" else "number"
            yield _Token(kind or "", found[kind or 0], found["unit"] or "", at)
            at = found.end()
        yield _Token("end", "", "", at)

    def _fail(self, problem: str, at: int | None = None) -> NoReturn:
        at = self._tokens[self._at].at if at is None else at
        rest = printable(self._text[at : at + 20])
        where = f"at character {at + 1} ('{rest}')" if rest else "at its end"
        raise InvalidInput(f"the filter is not valid {where}: {problem}", EXAMPLE)

    def _next_is(self, *texts: str) -> bool:
        token = self._tokens[self._at]
        if token.kind in ("sign", "name") and token.text in texts:
            self._at += 1
            return True
        return False

    def whole(self) -> Condition:
        found = self._joined()
        if self._tokens[self._at].kind != "end":
            self._fail("'and' or 'or' is expected")
        return found

    def _joined(self) -> Condition:
        return self._list("or", lambda: self._list("and", self._negated))

    def _list(self, word: str, part: Callable[[], Condition]) -> Condition:
        found = [part()]
        while self._next_is(word):
            found.append(part())
        return found[0] if len(found) == 1 else Joined(tuple(found), every=word == "and")

    def _negated(self) -> Condition:
        self._depth += 1
        if self._depth > DEPTH:
            self._fail(f"it is nested more than {DEPTH} times")
        negative = self._next_is("not")
        found = Not(self._negated()) if negative else self._condition()
        self._depth -= 1
        return found

    def _condition(self) -> Condition:
        if self._next_is("("):
            found = self._joined()
            self._close()
            return found
        if self._next_is("has"):
            enclosed = self._next_is("(")
            name = self._operand()
            if not isinstance(name, Name):
                self._at -= 1
                self._fail("a name is expected after 'has'")
            if enclosed:
                self._close()
            return Has(name.name)
        return self._comparison()

    def _close(self) -> None:
        if not self._next_is(")"):
            self._fail("')' is expected")

    def _comparison(self) -> Condition:
        left = self._operand()
        token = self._tokens[self._at]
        if not self._next_is(*SIGNS):
            self._fail("a comparison is expected, such as > or ==")
        right = self._operand()
        self.compared += [operand.name for operand in (left, right) if isinstance(operand, Name)]
        return Comparison(left, token.text, right)

    def _operand(self) -> Operand:
        token = self._tokens[self._at]
        if token.kind in ("sign", "end") or token.text in ("and", "or", "not", "has"):
            self._fail("a name, a number or a text in quotes is expected")
        self._at += 1
        if token.kind == "name" and token.text not in WORDS:
            name = token.text.removeprefix("[").removesuffix("]")
            self.names.append(name)
            return Name(name)
        return _literal(token)


def _literal(token: _Token) -> Literal:
    if token.kind == "number":
        return Literal(_number(token.text) * UNITS[token.unit], token.text)
    if token.kind == "text":
        text = re.sub(r"\\(.)", r"\1", token.text[1:-1])
        return Literal(text, text)
    if token.kind == "version":
        return Literal(token.text, token.text)
    return Literal(token.text == "true", token.text)


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdecimal() else float(text)
