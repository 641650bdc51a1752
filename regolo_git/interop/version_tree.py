"""The files and directories of one version, by their paths."""

from collections.abc import Iterable

from regolo_git.cached import cached_property
from regolo_git.records.manifest import Manifest
from regolo_git.records.recipe import Recipe, RecipeFile


class VersionTree:
    """What a version consists of.

    The path of the version itself is "".  A version that is a single file is that file, which is also found
    below it by its name: readers that look at the end of a name find it there.
    """

    def __init__(self, manifest: Manifest, recipe: Recipe) -> None:
        self.reference = manifest.reference
        self.recipe = recipe
        self._numbers = {file.path: number for number, file in enumerate(recipe.files)}
        if recipe.kind == "file":
            self._numbers = {"": 0, manifest.file_name: 0}

    def number(self, path: str) -> int | None:
        """The number of a file in the recipe; None if there is no such file."""
        return self._numbers.get(path)

    def file(self, path: str) -> RecipeFile | None:
        """The file at a path."""
        number = self.number(path)
        return self.recipe.files[number] if number is not None else None

    def is_directory(self, path: str) -> bool:
        """Whether a path is that of a directory."""
        return path in self._directories

    def below(self, path: str) -> Iterable[str]:
        """The paths right below a directory, sorted."""
        return sorted(self._directories[path])

    @cached_property
    def _directories(self) -> dict[str, set[str]]:
        if self.recipe.kind == "file":
            return {}
        found: dict[str, set[str]] = {"": set()}
        for path in self._numbers:
            child, parent = path, path.rpartition("/")[0]
            while child not in found.setdefault(parent, set()):
                found[parent].add(child)
                if not parent:
                    break
                child, parent = parent, parent.rpartition("/")[0]
        return found
