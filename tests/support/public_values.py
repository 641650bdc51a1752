"""One of every value that the Python API returns, of a registry whose texts are made to hurt a page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from regolo_git.api import Registry
from regolo_git.records.manifest import Lineage

HOSTILE = "<script>alert(1)</script><b onclick=x>'\"&amp;</b>"


def fill(registry: Registry, top: Path) -> None:
    """Two versions, one retired, an evaluation, promotions, an endpoint and a branch with a proposal."""
    metadata = {"accuracy": 0.8, HOSTILE: HOSTILE, "when": {"day": HOSTILE, "list": [1, HOSTILE]}}
    lineage = Lineage(code=HOSTILE, parameters={"optimizer": HOSTILE})
    (top / "model").mkdir()
    (top / "model/a<b>.txt").write_text("a")
    registry.register_model(
        "m", top / "model", metadata=metadata, description=HOSTILE, message=HOSTILE, lineage=lineage
    )
    (top / "model/a<b>.txt").write_text("b")
    registry.create_model_version("m", model_data=top / "model", metadata={**metadata, "accuracy": 0.9})
    registry.create_model_version("m", model_data=b"third", metrics={"f1": {"value": 0.5, "n": 20}})
    registry.evaluate_model_version("m", "1.1", metrics={"f1": 0.7}, labels={"suite": HOSTILE})
    registry.retire_model_version("m", "1.0", reason=HOSTILE)
    registry.promote_model_version("m", "1.1", "staging", message=HOSTILE)
    registry.create_endpoint("e", "m", "1.1", "staging", message=HOSTILE)
    registry.create_model_version("m", model_data=b"proposed", message=HOSTILE, flow="propose")


def public_values(registry: Registry) -> Iterator[Any]:
    """What the functions return, and the values in it that a program would pass on."""
    versions = registry.list_model_versions("m")
    proposed = next(name for name, _ in registry.handle.git.branches() if name.startswith("propose/"))
    yield from (versions, *versions, registry.get_model_version("m", rev=proposed))
    yield from (registry.get_model("m"), registry.get_model("m").card)
    yield from (registry.list_models(), *registry.list_models())
    yield from (registry.find_model_versions("accuracy > 0.1"), *versions[1].evaluations)
    yield from (
        registry.compare_model_versions("m", "1.0", "1.1"),
        registry.compare_revisions("main~3", proposed),
    )
    yield registry.review("main", proposed)
    yield from (registry.blame_metric("m", "accuracy"), *registry.blame_metric("m"))
    yield registry.bisect_model_versions("m", "1.0", "1.2", lambda _: False)
    yield from (registry.get_promotion_history("m"), *registry.get_promotion_history("m"))
    yield from (registry.list_environments(), *registry.list_environments())
    yield from (registry.list_endpoints(), *registry.list_endpoints())
    yield from (registry.get_endpoint_history("e"), *registry.get_endpoint_history("e"))
    yield from (registry.get_endpoint_metrics("e"), registry.get_endpoint("e").routing)
    yield registry.promote_model_version("m", "1.2", "staging", dry_run=True)
