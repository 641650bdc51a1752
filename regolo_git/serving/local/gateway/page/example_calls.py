"""Lines for a shell that call an endpoint, made from its model's own inputs.

Names of inputs come from the model and requests from the repository, so everything is quoted for the shell.
"""

import json
from math import prod
from shlex import quote
from typing import NamedTuple

from regolo_git.records.json_reader import Json
from regolo_git.serving.local.gateway.page.described import Described, Tensor

# An input with more values is written by a program of one line.
MOST_VALUES = 64
LONGEST_EXAMPLE = 2000
LARGEST_SIZE = 1 << 24


class Call(NamedTuple):
    """A command, and what it does."""

    title: str
    command: str


def example_calls(described: Described, address: str, *, needs_token: bool) -> list[Call]:
    """The commands: with the request that the model was warmed up with, and with every input by name."""
    calls = []
    curl = "curl -sS" + (' -H "Authorization: Bearer $TOKEN"' if needs_token else "")
    invocations = quote(f"{address}/endpoints/{described.endpoint}/invocations")
    body = json.dumps(described.example)
    if described.example is not None and len(body) <= LONGEST_EXAMPLE:
        calls.append(
            Call(
                "The request that this model is warmed up with",
                f"{curl} {invocations} \\\n  -d {quote(body)}",
            )
        )
    if described.inputs:
        infer = quote(f"{address}/v2/models/{described.endpoint}/infer")
        calls.append(Call("Open Inference Protocol, every input by name", _infer(described, curl, infer)))
    if not calls:
        request = quote(json.dumps({"inputs": ["…"]}, ensure_ascii=False))
        command = f"{curl} {invocations} \\\n  -d {request}"
        calls.append(Call("MLflow's form; the model's code decides what its inputs are", command))
    return calls


def _infer(described: Described, curl: str, address: str) -> str:
    if all(prod(sizes(tensor)) <= MOST_VALUES for tensor in described.inputs):
        request: Json = {"inputs": [_input(tensor) for tensor in described.inputs]}
        return f"{curl} {address} \\\n  -d {quote(json.dumps(request))}"
    inputs = ", ".join(map(_input_in_python, described.inputs))
    program = f'import json; print(json.dumps({{"inputs": [{inputs}]}}))'
    return f"python3 -c {quote(program)} |\n  {curl} {address} -d @-"


def sizes(tensor: Tensor) -> tuple[int, ...]:
    """A shape that the input may have: 1 where any size may be."""
    return tuple(size if 0 <= size <= LARGEST_SIZE else 1 for size in tensor.shape)


def _input(tensor: Tensor) -> Json:
    shape = sizes(tensor)
    return {**_head(tensor), "data": [_value(tensor.datatype)] * prod(shape)}


def _input_in_python(tensor: Tensor) -> str:
    # In double quotes, which the shell's single ones leave as they are.  JSON's escapes are Python's, but for
    # pairs of surrogates, so every character stands for itself.
    head = json.dumps(_head(tensor), ensure_ascii=False)
    value = _value(tensor.datatype)
    text = json.dumps(value) if isinstance(value, str) else repr(value)
    return f'{head[:-1]}, "data": [{text}] * {prod(sizes(tensor))}}}'


def _head(tensor: Tensor) -> dict[str, Json]:
    return {"name": tensor.name, "shape": list(sizes(tensor)), "datatype": tensor.datatype}


def _value(datatype: str) -> Json:
    if datatype == "BOOL":
        return False
    if datatype == "BYTES":
        return "text"
    return 0.5 if datatype.startswith(("FP", "BF")) else 0
