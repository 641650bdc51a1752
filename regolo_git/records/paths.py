"""The path of each record in the Git tree."""

MODELS, ENVIRONMENTS, ENDPOINTS = "models", "environments", "endpoints"
SIGNERS_PATH = ".regolo/allowed_signers"
CONFIG_PATH = ".regolo/config.toml"


def manifest_path(model: str) -> str:
    """The path of the manifest of a model's newest version on a branch."""
    return f"{MODELS}/{model}/manifest.toml"


def model_of_manifest(path: str) -> str | None:
    """The model whose manifest is at a path; None for any other path."""
    return _between(path, f"{MODELS}/", "/manifest.toml")


def card_path(model: str) -> str:
    """The path of a model's card."""
    return f"{MODELS}/{model}/model.toml"


def model_of_card(path: str) -> str | None:
    """The model whose card is at a path; None for any other path."""
    return _between(path, f"{MODELS}/", "/model.toml")


def retired_path(model: str) -> str:
    """The path of a model's list of retired versions."""
    return f"{MODELS}/{model}/retired.toml"


def model_of_retired(path: str) -> str | None:
    """The model whose list of retired versions is at a path; None for any other path."""
    return _between(path, f"{MODELS}/", "/retired.toml")


def evaluations_path(model: str) -> str:
    """The path of a model's evaluations."""
    return f"{MODELS}/{model}/evaluations.toml"


def model_of_evaluations(path: str) -> str | None:
    """The model whose evaluations are at a path; None for any other path."""
    return _between(path, f"{MODELS}/", "/evaluations.toml")


def labels_path(model: str) -> str:
    """The path of the labels of a model's versions."""
    return f"{MODELS}/{model}/labels.toml"


def model_of_labels(path: str) -> str | None:
    """The model whose labels are at a path; None for any other path."""
    return _between(path, f"{MODELS}/", "/labels.toml")


def environment_path(environment: str, model: str) -> str:
    """The path of a model's promotion to an environment."""
    return f"{ENVIRONMENTS}/{environment}/{model}.toml"


def place_of_promotion(path: str) -> str | None:
    """The environment and model of the promotion at a path, as `staging/m`; None for any other path."""
    place = _between(path, f"{ENVIRONMENTS}/", ".toml")
    return place if place is not None and "/" in place else None


def endpoint_path(endpoint: str) -> str:
    """The path of the desired state of an endpoint."""
    return f"{ENDPOINTS}/{endpoint}.toml"


def endpoint_of(path: str) -> str | None:
    """The endpoint whose desired state is at a path; None for any other path."""
    return _between(path, f"{ENDPOINTS}/", ".toml")


def _between(path: str, start: str, end: str) -> str | None:
    if not path.startswith(start) or not path.endswith(end):
        return None
    return path.removeprefix(start).removesuffix(end)
