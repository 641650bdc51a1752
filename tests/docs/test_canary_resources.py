"""What the guide gives to Argo Rollouts and Flagger is valid by their own schemas, where these are at hand."""

import os
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.places import DOCS, ROOT

from regolo_git.serving.local.gateway.page import paths

GUIDE = DOCS / "guides" / "canary.md"
RESOURCES = dict(re.findall(r"^```yaml (\w+)\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL))
KINDS = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """The schemas of custom resources by their kinds, of `REGOLO_CRD` or beside the project."""
    named = os.environ.get("REGOLO_CRD")
    places = [Path(named)] if named else [parent / "shared/crd/crd.tgz" for parent in ROOT.parents]
    found = next((place for place in places if place.exists()), None)
    if found is None:
        pytest.skip("the schemas of Argo Rollouts and Flagger are not here (REGOLO_CRD)")
    with tarfile.open(found) as archive:
        texts = [archive.extractfile(f"crd/{name}.yaml").read() for name in RESOURCES]  # type: ignore[union-attr]
    definitions = [document for text in texts for document in yaml.safe_load_all(text) if document]
    return {
        definition["spec"]["names"]["kind"]: definition["spec"]["versions"][0] for definition in definitions
    }


def problems(value: object, schema: dict[str, Any], path: str = "") -> list[str]:
    """What a cluster would refuse, or drop as unknown."""
    if schema.get("x-kubernetes-int-or-string") or "type" not in schema:
        return []
    if not isinstance(value, KINDS[schema["type"]]) or (
        isinstance(value, bool) and schema["type"] != "boolean"
    ):
        return [f"{path} is not {schema['type']}"]
    found = [f"{path}: {value!r} is not allowed"] if value not in schema.get("enum", [value]) else []
    if isinstance(value, list):
        return found + [
            p for i, v in enumerate(value) for p in problems(v, schema.get("items", {}), f"{path}[{i}]")
        ]
    if not isinstance(value, dict):
        return found
    known, more = schema.get("properties", {}), schema.get("additionalProperties")
    found += [f"{path} lacks {key}" for key in schema.get("required", []) if key not in value]
    for key, held in value.items():
        if key in known:
            found += problems(held, known[key], f"{path}.{key}")
        elif isinstance(more, dict):
            found += problems(held, more, f"{path}.{key}")
        elif known and not schema.get("x-kubernetes-preserve-unknown-fields"):
            found.append(f"{path}.{key} is unknown")
    return found


@pytest.mark.parametrize("name", ["analysis", "flagger"])
def test_a_resource_of_the_guide_is_valid(schemas: dict[str, Any], name: str) -> None:
    resource = yaml.safe_load(RESOURCES[name])
    version = schemas[resource["kind"]]
    assert resource["apiVersion"].endswith(f"/{version['name']}")
    schema = version["schema"]["openAPIV3Schema"]
    assert problems(resource, schema) == []
    resource["spec"]["metricses"] = []
    assert problems(resource, schema) == [".spec.metricses is unknown"]


def test_the_guide_asks_what_a_gateway_answers() -> None:

    for path in (paths.VERDICT, paths.MAY_ADVANCE, paths.MUST_ROLL_BACK):
        assert f"regolo:8080{path}?endpoint=" in "".join(RESOURCES.values())
