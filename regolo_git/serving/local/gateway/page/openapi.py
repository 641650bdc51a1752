"""The OpenAPI document of what a gateway serves: each endpoint's calls, with its model's own inputs."""

from collections.abc import Sequence
from typing import Final

from regolo_git.records.json_reader import Json
from regolo_git.serving.local.gateway.page.described import Described, Tensor
from regolo_git.serving.local.gateway.page.example_calls import sizes

JSON_TYPE: Final = "application/json"
FORMS: Final[dict[str, Json]] = {
    "dataframe_split": {"type": "object", "required": ["data"]},
    "dataframe_records": {"type": "array", "items": {"type": "object"}},
    "instances": {"type": "array"},
    "inputs": {"type": ["array", "object"]},
}


def openapi(
    endpoints: Sequence[Described], address: str, version: str, *, needs_token: bool
) -> dict[str, Json]:
    """The document, in version 3.1 of OpenAPI."""
    paths: dict[str, Json] = {}
    for described in endpoints:
        name = described.endpoint
        paths[f"/endpoints/{name}/invocations"] = {"post": _invocations(described)}
        paths[f"/v2/models/{name}/infer"] = {"post": _infer(described)}
        paths[f"/v2/models/{name}"] = {"get": _plain("The model's inputs and outputs", name)}
    document: dict[str, Json] = {
        "openapi": "3.1.0",
        "info": {"title": "Served models", "version": version},
        "servers": [{"url": address}],
        "paths": paths,
    }
    if needs_token:
        document["components"] = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
        document["security"] = [{"token": []}]
    return document


def _invocations(described: Described) -> Json:
    one_of: list[Json] = [
        {
            "type": "object",
            "required": [form],
            "properties": {form: schema, "params": {"type": "object"}},
        }
        for form, schema in FORMS.items()
    ]
    content: dict[str, Json] = {"schema": {"oneOf": one_of}}
    if described.example is not None:
        content["example"] = described.example
    answer: Json = {"type": "object", "required": ["predictions"], "properties": {"predictions": {}}}
    return _called("Predict, in MLflow's form", described.endpoint, content, answer)


def _infer(described: Described) -> Json:
    return _called(
        "Predict, in the Open Inference Protocol",
        described.endpoint,
        {"schema": _tensors("inputs", described.inputs)},
        _tensors("outputs", described.outputs),
    )


def _tensors(key: str, tensors: Sequence[Tensor]) -> Json:
    """The schema of named arrays; any are allowed where the model does not say which it has."""
    entries: list[Json] = [_tensor(tensor) for tensor in tensors]
    items: Json = {"oneOf": entries} if entries else _any_tensor()
    listed: dict[str, Json] = {"type": "array", "items": items}
    if entries and key == "inputs":
        listed |= {"minItems": 1, "maxItems": len(entries)}
    return {"type": "object", "required": [key], "properties": {key: listed}}


def _tensor(tensor: Tensor) -> Json:
    shape: list[Json] = [
        {"type": "integer", "minimum": 0} if size < 0 else {"const": size} for size in tensor.shape
    ]
    named: dict[str, Json] = {
        "name": {"const": tensor.name},
        "datatype": {"const": tensor.datatype},
        "shape": {"type": "array", "prefixItems": shape, "items": False, "examples": [list(sizes(tensor))]},
        "data": {"type": "array"},
    }
    return {"type": "object", "required": ["name", "shape", "datatype"], "properties": named}


def _any_tensor() -> Json:
    named: dict[str, Json] = {
        "name": {"type": "string"},
        "datatype": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer"}},
        "data": {"type": "array"},
    }
    return {"type": "object", "required": ["name", "shape", "datatype"], "properties": named}


def _called(summary: str, endpoint: str, content: Json, answer: Json) -> Json:
    served_by: Json = {"description": "the version that answered", "schema": {"type": "string"}}
    return {
        **_plain(summary, endpoint),
        "requestBody": {"required": True, "content": {JSON_TYPE: content}},
        "responses": {
            "200": {
                "description": "the answer",
                "headers": {"x-model-version": served_by},
                "content": {JSON_TYPE: {"schema": answer}},
            },
            "400": {"description": "the request does not fit the model"},
            "503": {"description": "no worker is ready, or too many requests are under way"},
        },
    }


def _plain(summary: str, endpoint: str) -> dict[str, Json]:
    return {"summary": summary, "tags": [endpoint], "responses": {"200": {"description": "the answer"}}}
