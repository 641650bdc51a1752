"""What a language model in a GGUF file takes and answers, from its metadata.

A program that runs it asks the file for everything.  Another quantization is another type of every tensor
and breaks nobody; another architecture, vocabulary or context may.  A file that does not say these, such as a
further part of a split model, is Malformed, and its tensors are compared as those of any file.
"""

from collections.abc import Mapping
from typing import BinaryIO

from regolo_git.layouts.bounded import BoundedReader, text_of
from regolo_git.layouts.gguf import (
    ARRAY,
    PAIRS_LIMIT,
    STRING,
    U32,
    VALUES_LIMIT,
    Metadata,
    header_of,
)
from regolo_git.layouts.interface import FileInterface
from regolo_git.layouts.items import Malformed

ARCHITECTURE, TOKENIZER, TOKENS = "general.architecture", "tokenizer.ggml.model", "tokenizer.ggml.tokens"
TEXT_LIMIT = 256
KEY_LIMIT = 1 << 10
Value = str | int


def gguf_interface(file: BinaryIO, size: int) -> FileInterface:
    """The interface of a model.  Raises Malformed, and Cut for a file that ends too early."""
    reader = header_of(file, size)
    if reader is None:
        raise Malformed
    reader.u64()  # the number of tensors
    values = _values(reader, reader.u64())
    architecture = values.get(ARCHITECTURE)
    words, context = values.get(TOKENS), values.get(f"{architecture}.context_length")
    if not isinstance(architecture, str) or words is None or context is None:
        raise Malformed
    vocabulary = f"{values.get(TOKENIZER, 'unknown')}, {words} tokens"
    inputs = {"tokens": f"up to {context}", "vocabulary": vocabulary}
    if f"{architecture}.pooling_type" in values:
        size_of_one = values.get(f"{architecture}.embedding_length", "?")
        return FileInterface(inputs, {"embedding": f"[{size_of_one}]"}, architecture)
    return FileInterface(inputs, {"logits": f"[N, {words}]"}, architecture)


def _values(reader: BoundedReader, pairs: int) -> Mapping[str, Value]:
    """The short texts and whole numbers, and the number of tokens."""
    if pairs > PAIRS_LIMIT:
        raise Malformed
    found: dict[str, Value] = {}
    others = Metadata()
    for _ in range(pairs):
        length = reader.u64()
        if length > KEY_LIMIT:
            raise Malformed
        key, kind = text_of(reader.take(length)), reader.u32()
        if kind == STRING:
            length = reader.u64()
            if length <= TEXT_LIMIT:
                found[key] = text_of(reader.take(length))
            else:
                reader.skip(length)
        elif kind == U32:
            found[key] = reader.u32()
        elif kind == ARRAY and key == TOKENS:
            found[key] = _count(reader)
        else:
            others.skip(reader, kind)
    return found


def _count(reader: BoundedReader) -> int:
    """The length of an array of texts, which are skipped."""
    kind, count = reader.u32(), reader.u64()
    if kind != STRING or count > VALUES_LIMIT:
        raise Malformed
    reader.skip_texts(count)
    return count
