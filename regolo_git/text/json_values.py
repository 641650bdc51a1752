"""Values as JSON has them: what the command line prints, and what `to_dict` returns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from regolo_git.text.times import utc_time

Plain = dict[str, Any]


def plain(value: object) -> Any:
    """A value made of dictionaries, lists, text, numbers, booleans and None; times are text, in UTC."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return utc_time(value) if value.tzinfo is not None else value.isoformat()
    return str(value)
