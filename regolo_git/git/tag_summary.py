"""One row for each model in the tag index: how many versions it has, the newest one, and its last change."""

import json
import sqlite3
from collections.abc import Iterable

# `cross join` fixes the join order, so that the index of objects is scanned once.
SUMMARY = """
insert into models
select model, count(distinct identity), (
    select version from objects as same cross join refs using (oid)
    where same.model = objects.model order by release desc, sort_key desc limit 1
), max(created_at)
from objects cross join refs using (oid)
where model in (select value from json_each(?)) group by model
"""


def summarize(connection: sqlite3.Connection, models: Iterable[str]) -> None:
    """Recomputes the rows of some models."""
    named = json.dumps(sorted(models))
    connection.execute("delete from models where model in (select value from json_each(?))", (named,))
    connection.execute(SUMMARY, (named,))
