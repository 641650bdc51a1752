"""`POST /invocations` as MLflow has it: one of four inputs and optional params in, predictions out."""

import json

from regolo_git.errors import InvalidInput
from regolo_git.serving.json_value import Json, json_list, json_object, json_text
from regolo_git.serving.local.worker.call import Call
from regolo_git.serving.local.worker.plain_answer import dump_answer

INPUTS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def read_invocation(body: bytes) -> Call:
    """Decodes a request.  Raises InvalidInput, saying what is wrong with it."""
    try:
        value: Json = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON") from error
    return invocation(value)


def invocation(value: Json) -> Call:
    """The call that a decoded request stands for.  Raises InvalidInput."""
    request = json_object(value, "the body")
    given = [name for name in INPUTS if name in request]
    if len(given) != 1:
        raise InvalidInput(f"the body has not exactly one of {', '.join(INPUTS)}")
    parameters = json_object(request.get("params") or {}, "'params'")
    name, inputs = given[0], request[given[0]]
    if name == "dataframe_split":
        return _split(json_object(inputs, f"'{name}'"), parameters)
    if name == "dataframe_records":
        return _records(json_list(inputs, f"'{name}'"), parameters)
    if name == "inputs" and isinstance(inputs, dict):
        return Call(named=inputs, parameters=parameters)
    return Call(rows=json_list(inputs, f"'{name}'"), parameters=parameters)


def _split(table: dict[str, Json], parameters: dict[str, Json]) -> Call:
    if "data" not in table:
        raise InvalidInput("'dataframe_split' has no 'data'")
    rows = [json_list(row, "a row") for row in json_list(table["data"], "'data'")]
    if "columns" not in table:
        return Call(rows=list(rows), parameters=parameters)
    columns = tuple(json_text(name, "a column's name") for name in json_list(table["columns"], "'columns'"))
    if any(len(row) != len(columns) for row in rows):
        raise InvalidInput("a row of 'dataframe_split' is not as long as 'columns'")
    return Call(rows=list(rows), columns=columns, parameters=parameters)


def _records(records: list[Json], parameters: dict[str, Json]) -> Call:
    tables = [json_object(record, "a record") for record in records]
    columns = tuple(tables[0]) if tables else ()
    if any(table.keys() != set(columns) for table in tables):
        raise InvalidInput("the records of 'dataframe_records' do not have the same columns")
    rows: list[Json] = [[table[column] for column in columns] for table in tables]
    return Call(rows=rows, columns=columns, parameters=parameters)


def write_predictions(outputs: object) -> bytes:
    """The answer.  Raises TypeError for what JSON cannot hold."""
    return dump_answer({"predictions": outputs})
