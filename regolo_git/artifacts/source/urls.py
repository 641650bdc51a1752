"""A URL where a path is required: nothing is imported from one, and the error says how to download it."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from regolo_git.errors import InvalidInput
from regolo_git.text.printable import printable

SCHEME = re.compile(r"(?!file:)([a-z][a-z0-9+.-]+):(/*)(.*)", re.DOTALL)
OF_MLFLOW = ("mlflow", "mlflow-artifacts", "models", "runs")  # `models:/NAME/VERSION`, with one slash

DOWNLOADS: Mapping[str, str] = {
    "hf": "hf download {place} --local-dir DIRECTORY",
    "http": "curl -fLO {url}",
    "https": "curl -fLO {url}",
    "s3": "aws s3 cp --recursive {url} DIRECTORY",
    "gs": "gcloud storage cp -r {url} DIRECTORY",
    **dict.fromkeys(OF_MLFLOW, "mlflow artifacts download --artifact-uri {url} --dst-path DIRECTORY"),
}


def url_instead(path: Path) -> InvalidInput | None:
    """The error for a path that is a URL, where nothing has that name; None for any other path."""
    found = SCHEME.fullmatch(str(path))
    if found is None or not (found[2] or found[1] in OF_MLFLOW):
        return None
    scheme, slashes, place = found.groups()
    # A `Path` keeps one of two slashes.
    url = f"{scheme}:{slashes if scheme in OF_MLFLOW else '//'}{place}"
    step = DOWNLOADS.get(scheme, "download it").format(place=shlex.quote(place), url=shlex.quote(url))
    message = f"'{printable(url)}' is a URL, and importing from one is not supported yet"
    return InvalidInput(message, f"{printable(step)}   (then use what was downloaded as PATH)")
