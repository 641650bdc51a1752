"""The desired state of an endpoint, for output."""

from regolo_git.cli.forms import Json
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.deployed import Deployed
from regolo_git.text.numbers import decimal_text


def document_beside(endpoint: Endpoint, found: Deployed) -> dict[str, Json]:
    """An endpoint beside the environment that it follows, as a JSON document."""
    return {
        **endpoint.to_dict(),
        "environment_version": found.promoted,
        "agrees": found.agrees,
        "rolled_back_from": found.rolled_back_from,
        "state": found.state,
    }


def weights_field(endpoint: Endpoint) -> str:
    """`version=weight` for each version."""
    return " ".join(f"{version}={decimal_text(weight)}" for version, weight in endpoint.traffic.items())


def replicas_field(endpoint: Endpoint) -> str:
    """`version=replicas` for each version."""
    return " ".join(f"{version}={pin.replicas}" for version, pin in endpoint.versions.items())
