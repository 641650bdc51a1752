"""Errors for libraries that are not installed, in one wording."""

from importlib.util import find_spec

from regolo_git.errors import MissingDependency

SERVE = ("aiohttp", "httptools", "prometheus_client", "starlette", "uvicorn", "uvloop")


def require_serve_extra() -> None:
    """Checks that the libraries of the serving extra are installed.  Raises MissingDependency."""
    missing = [name for name in SERVE if find_spec(name) is None]
    if missing:
        raise MissingDependency(
            f"serving needs '{missing[0]}', which is not installed", "pip install 'regolo-git[serve]'"
        )


def missing_library(name: str, what: str) -> MissingDependency:
    """The error for a format whose library is not installed where the worker runs."""
    return MissingDependency(f"{what} needs '{name}', which is not installed", f"pip install {name}")


def missing_extra(name: str, extra: str) -> MissingDependency:
    """The error for a format whose library one of our extras brings."""
    return MissingDependency(
        f"format '{extra}' needs '{name}', which is not installed", f"pip install 'regolo-git[{extra}]'"
    )
