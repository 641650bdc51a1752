"""Recipes that are nothing but their tensors."""

from regolo_git.records.recipe import Recipe, RecipeTensor


def tensor(
    name: str, dtype: str = "F32", shape: tuple[int, ...] = (2,), at: int = 0, fill: str = "a"
) -> RecipeTensor:
    return RecipeTensor(name=name, dtype=dtype, shape=shape, offset=at, size=8, blake3=fill * 64)


def recipe(*tensors: RecipeTensor) -> Recipe:
    return Recipe(kind="file", files=(), tensors=tensors, chunks=())
