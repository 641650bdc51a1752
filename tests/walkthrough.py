"""The public API as its first users call it: must run unchanged, in an empty directory, with no set-up.

Run:  python tests/walkthrough.py        (with the package installed)
It makes a registry in a temporary directory, walks through a model's life, and prints what it sees.
Exit 0 means that every call worked and every figure below was right.
"""
import os
import random
import struct
import subprocess
import sys
import tempfile
from datetime import timezone
from pathlib import Path

import regolo_git as regolo


def weights(path: Path, seed: int) -> Path:
    """A small valid safetensors file, written by hand so that this needs no other package."""
    import json
    rng = random.Random(seed)
    tensors = {"embed": 4096, "layer.weight": 65536, "head": 1024}
    header, offset, data = {}, 0, b""
    for name, count in tensors.items():
        body = struct.pack(f"<{count}f", *(rng.gauss(0, 0.02) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": [count], "data_offsets": [offset, offset + len(body)]}
        offset += len(body)
        data += body
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + data)
    return path


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="regolo-walk-"))
    os.chdir(root)
    subprocess.run(["git", "init", "-q", "-b", "main", "."], check=True)
    subprocess.run(["git", "config", "user.name", "Ada Byron"], check=True)
    subprocess.run(["git", "config", "user.email", "ada@example.com"], check=True)
    regolo.init(".")

    # creating versions: the first comes with the model, later ones are named or made automatically
    regolo.register_model(name="sentiment-classifier", model_data=weights(root / "a.safetensors", 1), version="1.0",
                          metadata={"accuracy": 0.89, "f1_score": 0.86, "latency_ms": 150})
    v11 = regolo.create_model_version(
        model_id="sentiment-classifier", version="1.1", model_data=weights(root / "b.safetensors", 2),
        metadata={"experiment": "expanded-training-data", "accuracy": 0.92, "f1_score": 0.89, "latency_ms": 165})
    assert v11.version == "1.1"
    auto = regolo.create_model_version(model_id="sentiment-classifier", model_data=b"bytes are fine too")
    print("automatic version:", auto.version)
    assert auto.version not in ("1.0", "1.1")

    # metadata
    version = regolo.get_model_version(model_id="sentiment-classifier", version="1.0")
    print(f"Created: {version.created_at}  Author: {version.created_by}  Size: {version.size_mb} MB  Status: {version.status}")
    print(f"Metrics: {version.metadata['accuracy']}")
    assert version.created_at.utcoffset() is not None and version.created_at.astimezone(timezone.utc)
    assert "Ada Byron" in version.created_by
    assert abs(version.size_mb - (root / "a.safetensors").stat().st_size / 1e6) < 1e-9
    assert version.metadata["accuracy"] == 0.89

    # comparing
    comparison = regolo.compare_model_versions(model_id="sentiment-classifier", version_a="1.0", version_b="1.1")
    print(f"Size difference: {comparison.size_diff_mb} MB")
    print(f"Accuracy improvement: {comparison.metrics['accuracy']['diff']:.2%}")
    print(f"F1 score improvement: {comparison.metrics['f1_score']['diff']:.2%}")
    assert abs(comparison.metrics["accuracy"]["diff"] - 0.03) < 1e-12
    assert abs(comparison.metrics["latency_ms"]["diff"] - 15) < 1e-12

    # listing
    listed = list(regolo.list_model_versions(model_id="sentiment-classifier"))
    for v in listed:
        print(f"{v.version} - {v.created_at} - {v.status}")
    assert {"1.0", "1.1", auto.version} == {v.version for v in listed}

    # environment-named versions
    for name in ("dev-1.0", "staging-1.0", "prod-1.0"):
        regolo.create_model_version(model_id="sentiment-classifier", version=name, model_data=root / "b.safetensors")

    # promotion, traffic, metrics, rollback
    regolo.promote_model_version(model_id="sentiment-classifier", version="1.1", environment="production", replicas=10)
    assert regolo.get_model_version("sentiment-classifier", "1.1").status == "production"
    regolo.create_endpoint(endpoint_id="sentiment-endpoint", model_id="sentiment-classifier", version="1.1")
    regolo.update_endpoint_traffic(endpoint_id="sentiment-endpoint", version_traffic={"1.0": 0.9, "1.1": 0.1})
    metrics = regolo.get_endpoint_metrics(endpoint_id="sentiment-endpoint")
    print("error rate of 1.1 before any request:", metrics.version["1.1"]["error_rate"])
    assert metrics.version["1.1"]["error_rate"] is None
    regolo.update_endpoint_traffic(endpoint_id="sentiment-endpoint", version_traffic={"1.0": 0.5, "1.1": 0.5})
    regolo.rollback_endpoint(endpoint_id="sentiment-endpoint", to_version="1.0")
    print("Rolled back to version 1.0")

    # it is all plain git
    tags = subprocess.run(["git", "tag", "--list"], check=True, capture_output=True, text=True).stdout.split()
    print("tags:", *tags)
    assert {"sentiment-classifier@v1.0", "sentiment-classifier@v1.1", "sentiment-classifier@prod-1.0"} <= set(tags)
    diff = subprocess.run(["git", "diff", "sentiment-classifier@v1.0", "sentiment-classifier@v1.1", "--", "models"],
                          check=True, capture_output=True, text=True).stdout
    assert "-accuracy = 0.89" in diff and "+accuracy = 0.92" in diff
    subprocess.run(["git", "fsck", "--strict"], check=True, capture_output=True)

    # clear errors, and nothing half-done
    before = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    for call in (lambda: regolo.create_model_version(model_id="sentiment-classifier", version="1.0", model_data=b"again"),
                 lambda: regolo.create_model_version(model_id="sentiment-classifier", version="1.0.0", model_data=b"same name"),
                 lambda: regolo.get_model_version(model_id="sentiment-classifier", version="9.9"),
                 lambda: regolo.update_endpoint_traffic(endpoint_id="sentiment-endpoint", version_traffic={"1.0": 0.9, "1.1": 0.2}),
                 lambda: regolo.rollback_endpoint(endpoint_id="sentiment-endpoint", to_version="9.9")):
        try:
            call()
        except regolo.RegoloError as error:
            print("refused:", error)
        else:
            sys.exit("a call that must be refused was not")
    after = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert before == after
    print("the walkthrough holds")


if __name__ == "__main__":
    main()
