"""What callers are told of an error has none of the server's paths."""

import pytest

from regolo_git.serving.local.http_answer import without_paths


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Load model from /srv/a/model.onnx failed:Protobuf parsing failed.",
            "Load model from model.onnx failed:Protobuf parsing failed.",
        ),
        (
            "[Errno 2] No such file or directory: '/srv/my models/a b.txt'",
            "[Errno 2] No such file or directory: 'a b.txt'",
        ),
        ('File "/usr/lib/python3/site-packages/x.py", line 3', 'File "x.py", line 3'),
        ("/src/core/reshape_helper.h:91 sizes differ (/src/a.cc)", "reshape_helper.h:91 sizes differ (a.cc)"),
        ("/srv/models/", ""),
        (
            "no model at https://example.com/a/b or s3://bucket/a/b",
            "no model at https://example.com/a/b or s3://bucket/a/b",
        ),
        ("1/2 of nlp/sentiment, either/or, 3 / 4", "1/2 of nlp/sentiment, either/or, 3 / 4"),
    ],
)
def test_of_a_path_the_last_part_is_told(text: str, told: str) -> None:
    assert without_paths(text) == told
