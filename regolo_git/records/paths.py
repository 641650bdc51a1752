"""Where each record lies in the Git tree."""

MODELS, ENVIRONMENTS, ENDPOINTS = "models", "environments", "endpoints"
CONFIG_PATH = ".regolo/config.toml"


def manifest_path(model: str) -> str:
    """The manifest of a model's newest version on a branch."""
    return f"{MODELS}/{model}/manifest.toml"


def model_of_manifest(path: str) -> str | None:
    """The model whose manifest lies at a path; None for the path of anything else."""
    if not path.startswith(f"{MODELS}/") or not path.endswith("/manifest.toml"):
        return None
    return path.removeprefix(f"{MODELS}/").removesuffix("/manifest.toml")


def card_path(model: str) -> str:
    """The model card, edited by people."""
    return f"{MODELS}/{model}/model.toml"


def retired_path(model: str) -> str:
    """The model's retired versions."""
    return f"{MODELS}/{model}/retired.toml"


def environment_path(environment: str, model: str) -> str:
    """What of a model is promoted to an environment."""
    return f"{ENVIRONMENTS}/{environment}/{model}.toml"


def endpoint_path(endpoint: str) -> str:
    """The desired state of an endpoint."""
    return f"{ENDPOINTS}/{endpoint}.toml"
