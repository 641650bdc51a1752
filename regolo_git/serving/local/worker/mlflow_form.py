"""MLflow's `POST /invocations`: one of four forms of input and optional params in, predictions out."""

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.local.worker.call import Call
from regolo_git.serving.local.worker.json_body import first_repeated, read_json
from regolo_git.serving.local.worker.plain_answer import dump_answer

INPUTS = ("dataframe_split", "dataframe_records", "instances", "inputs")


def read_invocation(body: bytes) -> Call:
    """Decodes a request.  Raises InvalidInput."""
    return invocation(read_json(body))


def invocation(value: Json) -> Call:
    """The call of a decoded request.  Raises InvalidInput."""
    if not isinstance(value, dict):
        raise InvalidInput("the body is not a JSON object")
    given = [name for name in INPUTS if name in value]
    if len(given) != 1:
        raise InvalidInput(f"the body must have exactly one of {', '.join(INPUTS)}")
    request, name = JsonReader(value, "the body"), given[0]
    parameters = request.get_optional("params", dict) or {}
    if name == "dataframe_split":
        return _split(request.object(name), parameters)
    if name == "dataframe_records":
        return _records(request.list_of(name, dict), parameters)
    inputs = value[name]
    if name == "inputs" and isinstance(inputs, dict):
        return Call(named=inputs, parameters=parameters)
    return Call(rows=request.get(name, list), parameters=parameters)


def _split(table: JsonReader, parameters: dict[str, Json]) -> Call:
    rows = table.list_of("data", list)
    if "columns" not in table:
        return Call(rows=list(rows), parameters=parameters)
    columns = _names(table)
    twice = first_repeated(columns)
    if twice is not None:
        raise InvalidInput(f"'dataframe_split' has the column '{twice}' twice")
    if any(len(row) != len(columns) for row in rows):
        raise InvalidInput("a row of 'dataframe_split' is not as long as 'columns'")
    return Call(rows=list(rows), columns=columns, parameters=parameters)


def _names(table: JsonReader) -> tuple[str, ...]:
    """Names as text: pandas writes integers for columns that nobody has named."""
    names = table.get("columns", list)
    for index, name in enumerate(names):
        if type(name) not in (str, int):
            raise table.elements("columns").wrong(index, "is not a string or an integer")
    return tuple(map(str, names))


def _records(records: list[dict[str, Json]], parameters: dict[str, Json]) -> Call:
    columns = tuple(records[0]) if records else ()
    if any(record.keys() != set(columns) for record in records):
        raise InvalidInput("the records of 'dataframe_records' have different columns")
    rows: list[Json] = [[record[column] for column in columns] for record in records]
    return Call(rows=rows, columns=columns, parameters=parameters)


def write_predictions(outputs: object) -> bytes:
    """Encodes the answer.  Raises TypeError for values that JSON cannot hold."""
    return dump_answer({"predictions": outputs})
