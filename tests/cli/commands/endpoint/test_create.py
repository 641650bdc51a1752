"""`git regolo endpoint create`."""

from pathlib import Path

from support.command_line import Regolo


def test_an_endpoint_is_made_shown_and_listed(regolo: Regolo, served: Path) -> None:
    document = regolo("endpoint", "show", "e", "--json").document
    assert document["versions"]["1.0"]["weight"] == 1.0
    assert regolo("endpoint", "list", "--plain").out.split("\t")[:2] == ["e", "m"]
    assert "exists" in regolo("endpoint", "create", "e", "m@1.1", status=4).err
    made = regolo("endpoint", "create", "f", "m@1.0", "--timeout", "2.5", "--retry", "0", "--json").document
    assert made["routing"] == {"retry": 0, "timeout_seconds": 2.5}
    limits = ("--max-body", "64MB", "--max-concurrency", "8")
    wide = regolo("endpoint", "create", "wide", "m@1.0", *limits, "--json").document
    assert wide["routing"] == {"max_body_bytes": 64_000_000, "max_concurrency": 8}
    regolo("endpoint", "delete", "wide", "--yes")
    for wrong in (("--max-body", "much"), ("--max-body", "0"), ("--max-concurrency", "0")):
        regolo("endpoint", "create", "g", "m@1.0", *wrong, status=2)
    assert "between 0 and 10" in regolo("endpoint", "create", "g", "m@1.0", "--retry", "11", status=2).err
    regolo("endpoint", "delete", "f", "--yes")


def test_the_next_step_serves_only_what_can_be_served(regolo: Regolo, registry: Path) -> None:
    for name in ("model.onnx", "model.bin"):
        (registry / name).write_bytes(name.encode())
        regolo("register", name.replace(".", "-"), name)
    assert "  next    git regolo serve a\n" in regolo("endpoint", "create", "a", "model-onnx@1.0").err
    said = regolo("endpoint", "create", "b", "model-bin@1.0").err
    assert "next" not in said
    (registry / "serving.toml").write_text('entry_point = "module:callable"')
    command = said.partition("then create a version with it: git regolo ")[2].split()
    assert regolo(*command).out == "model-bin@1.1\n"


def test_types_that_a_server_would_refuse_are_said_with_the_line_that_trusts_them(
    regolo: Regolo, registry: Path, tmp_path: Path
) -> None:
    import numpy as np
    from sklearn.ensemble import RandomForestClassifier
    from skops.io import dump

    model = tmp_path / "forest.skops"
    dump(RandomForestClassifier().fit(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]), model)
    regolo("register", "forest", str(model))
    said = regolo("endpoint", "create", "forest", "forest@1.0").err
    assert "'forest@1.0' can be served only under a policy with the line" in said
    assert 'trusted_types = ["sklearn.tree._tree.Tree"]' in said
