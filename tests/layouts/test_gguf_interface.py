"""What language models in GGUF files take and answer, and what is Malformed."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sample_files import gguf_file, language_model

from regolo_git.layouts.gguf_interface import gguf_interface
from regolo_git.layouts.interface import FileInterface
from regolo_git.layouts.items import Malformed


def read(data: bytes) -> FileInterface:
    return gguf_interface(io.BytesIO(data), len(data))


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_language_model_takes_tokens_and_answers_logits(order: str) -> None:
    assert read(language_model(order=order)) == FileInterface(
        {"tokens": "up to 512", "vocabulary": "gpt2, 64 tokens"}, {"logits": "[N, 64]"}, "llama"
    )


def test_one_that_pools_answers_an_embedding() -> None:
    assert read(language_model(pooling=True)).outputs == {"embedding": "[32]"}


@pytest.mark.parametrize("data", [gguf_file(), b"GGUF", b"GGML" * 9, language_model()[:60]])
def test_one_that_does_not_say_it_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


@settings(max_examples=40)
@given(data=st.data())
def test_damage_is_malformed_or_harmless(data: st.DataObject) -> None:
    whole = bytearray(language_model())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    with contextlib.suppress(Malformed):
        read(cut)
