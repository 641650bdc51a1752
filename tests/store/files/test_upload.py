"""The body of an upload: a file over bytes that are not copied."""

import io

from regolo_git.store.files.filesystems.upload import Body


def test_a_body_reads_as_a_file_does() -> None:
    data = bytes(range(100))
    body, file = Body(memoryview(bytearray(data))), io.BytesIO(data)
    assert len(body) == 100
    with body.getbuffer() as everything:
        assert everything == data
    for position, size in ((0, 10), (90, 20), (100, 5), (120, 5), (3, 0), (5, -1), (7, None)):
        assert body.seek(position) == file.seek(position)
        assert body.read(size) == file.read(size)
        if position <= 100:
            assert body.tell() == file.tell()
    assert (body.seek(-10, io.SEEK_END), body.read()) == (90, data[90:])
    assert (body.seek(5), body.seek(5, io.SEEK_CUR), body.read(1)) == (5, 10, data[10:11])


def test_a_body_lets_go_of_its_bytes() -> None:
    buffer = bytearray(b"data")
    body = Body(memoryview(buffer))
    body.release()
    buffer.clear()  # which a view forbids
    assert body.read() == b""
