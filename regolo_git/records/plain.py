"""Values of subclasses as the plain values that they hold, whatever `str()` and `format()` make of them.

A member of `class Task(str, Enum)` is the text "qa", but `str()` and an f-string write "Task.QA".
"""

from datetime import date, datetime


def plain_text(value: str) -> str:
    """The text that a string of a subclass holds."""
    return str.__str__(value)


def plain_date(value: date) -> date:
    """The date or time that a value of a subclass, such as a pandas timestamp, holds, to the microsecond."""
    if type(value) in (date, datetime):
        return value
    if not isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    day, clock = (value.year, value.month, value.day), (value.hour, value.minute, value.second)
    return datetime(*day, *clock, value.microsecond, value.tzinfo, fold=value.fold)
