"""An endpoint for programs."""

from regolo_git.cli.pages.endpoint import replicas_field, weights_field
from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.routing import Routing

DIGEST = Digest("sha256", "a" * 64)
PINS = {"1.0": PinnedVersion("c" * 40, DIGEST, 2), "1.1": PinnedVersion("d" * 40, DIGEST, 1)}
ENDPOINT = Endpoint("e", "m", None, "local", {"1.0": 2 / 3, "1.1": 1 / 3}, PINS, Routing(retry=1))


def test_the_document_has_what_is_desired() -> None:
    found = ENDPOINT.to_dict()
    assert (found["endpoint"], found["environment"], found["routing"]) == ("e", None, {"retry": 1})
    assert found["versions"] == {
        "1.0": {"weight": 2 / 3, "replicas": 2, "commit": "c" * 40, "digest": str(DIGEST)},
        "1.1": {"weight": 1 / 3, "replicas": 1, "commit": "d" * 40, "digest": str(DIGEST)},
    }


def test_fields_have_a_pair_for_each_version() -> None:
    assert weights_field(ENDPOINT) == "1.0=0.6666666667 1.1=0.3333333333"
    assert replicas_field(ENDPOINT) == "1.0=2 1.1=1"
