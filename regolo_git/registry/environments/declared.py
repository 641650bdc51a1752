"""Which environments there are: those that the configuration declares.

A registry whose configuration declares none, as those of the first release, has `staging`, `production` and
every environment that has a version.  Whatever writes the first declaration declares all of these, so that
none of them is hidden.
"""

from collections.abc import Callable, Sequence

from regolo_git.errors import InvalidInput
from regolo_git.hints import NextStep
from regolo_git.records.config import DEFAULT_ENVIRONMENTS, RegistryConfig
from regolo_git.records.names import ENVIRONMENT
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.nearest import nearest

TABLE = "environments"


HintFor = Callable[[str | None], NextStep]


class UnknownEnvironment(InvalidInput):
    """An environment that is not declared; `nearest` is the declared one that was probably meant.

    `hint_for` returns the next step for the latter, or for None.
    """

    def __init__(self, name: str, known: Sequence[str], hint_for: HintFor) -> None:
        self.name = name
        self.nearest = nearest(name, known)
        meant = f", did you mean '{self.nearest}'?" if self.nearest else ""
        message = f"unknown environment '{name}'{meant} (known: {', '.join(known)})"
        super().__init__(message, hint_for(self.nearest))


def known_environments(records: RecordsAt, config: RegistryConfig) -> tuple[str, ...]:
    """The environments of a registry, in the order of promotion."""
    if config.environments:
        return config.environment_order()
    in_use = (name for name in records.environments_in_use() if ENVIRONMENT.fullmatch(name))
    return (*(name for name in in_use if name not in DEFAULT_ENVIRONMENTS), *DEFAULT_ENVIRONMENTS)


def declare(records: RecordsAt, name: str) -> str:
    """The text of the configuration with one more environment, after the others."""
    data = records.data(CONFIG_PATH) or b""
    return with_environment(records, data.decode(), name)


def with_environment(records: RecordsAt, text: str, name: str) -> str:
    """The text of the configuration, which declares an environment and those that were there without."""
    from regolo_git.records.document_edit import add_tables  # noqa: PLC0415 - imports tomlkit, which is slow

    return add_tables(text, TABLE, (*known_environments(records, RegistryConfig.parse(text)), name))
