"""A recipe that is damaged, or newer than the program, is refused, and the error says where."""

import json
from typing import Any

import pytest

from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile, RecipeTensor

HEX = "ab" * 32
SOUND = Recipe(
    "directory",
    (
        RecipeFile("a.txt", 0o644, 4, Digest("sha256", HEX)),
        RecipeFile("w.bin", 0o644, 8, Digest("sha256", HEX)),
    ),
    (RecipeTensor("w", "F32", (2,), 4, 8, HEX),),
    (RecipeChunk(HEX, 12),),
)


def changed(path: list[str | int], value: object) -> bytes:
    document = json.loads(SOUND.to_bytes())
    *parents, last = path
    place: Any = document
    for key in parents:
        place = place[key]
    place[last] = value
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode() + b"\n"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["kind"], "socket", "'kind' in a recipe is neither file nor directory"),
        (["files", 1, "size"], "8", "'files[1].size' in a recipe is not an integer"),
        (["files", 1, "size"], -8, f"'files[1].size' in a recipe is not between 0 and {2**63 - 1}"),
        (["files", 0, "mode"], True, "'files[0].mode' in a recipe is not an integer"),
        (["files", 0, "path"], "a\ud800", "'files[0].path' in a recipe has a lone surrogate, which UTF-8 cannot encode"),
        (["tensors", 0, "shape"], [2, -1], "'tensors[0].shape' in a recipe is not a list of lengths"),
        (["tensors", 0, "blake3"], "x", "'tensors[0].blake3' in a recipe is not a BLAKE3 in hex"),
        (["tensors", 0, "dtype"], None, "a recipe lacks 'tensors[0].dtype'"),
        (["chunks", 0], [HEX], "'chunks[0]' in a recipe is not a list of 2 values"),
        (["chunks", 0, 0], HEX.upper(), "'chunks[0][0]' in a recipe is not a BLAKE3 in hex"),
        (["chunks", 0, 1], 2**63, f"'chunks[0][1]' in a recipe is not between 0 and {2**63 - 1}"),
    ],
)  # fmt: skip
def test_an_error_says_where_a_recipe_is_wrong(path: list[str | int], value: object, message: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        Recipe.parse(changed(path, value))
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (["files", 0, "mode"], 0o1000, "a recipe has a file mode with more than permission bits"),
        (["files", 1, "path"], "a.txt/x", "'a.txt/x' in a recipe is inside a file"),
        (["files", 1, "path"], "a", "the files in a recipe are not sorted"),
        (["files", 0, "path"], "../a", "a recipe has a bad path: path '../a' is not a plain relative path"),
        (["kind"], "file", "the recipe of a single file lists other paths"),
        (["chunks", 0, 1], 11, "the chunks of a recipe do not add up to its files"),
        (["tensors", 0, "offset"], 5, "the tensors in a recipe overlap or extend past its end"),
    ],
)
def test_the_parts_of_a_recipe_fit_together(path: list[str | int], value: object, message: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        Recipe.parse(changed(path, value))
    assert caught.value.message == message


def test_a_recipe_of_a_newer_format_says_newer() -> None:
    with pytest.raises(NewerFormat, match="newer than this release supports"):
        Recipe.parse(b'{"format": 2}')


def test_another_form_of_a_sound_recipe_is_refused() -> None:
    with pytest.raises(IntegrityError, match="not in its canonical form"):
        Recipe.parse(json.dumps(json.loads(SOUND.to_bytes())).encode())
