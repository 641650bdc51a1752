"""One value says how far a job is, whatever the job and however many parts it has."""

from regolo_git.artifacts.progress import Progress, following


def test_progress_grows_by_what_is_done_and_what_was_found() -> None:
    start = Progress(total=10)
    assert start.advanced(4).advanced(3, found=2) == Progress(7, 10, found=2)


def test_a_part_is_reported_as_a_part_of_the_whole_job() -> None:
    reported: list[Progress] = []
    tell = following(Progress(10, 100, found=5), reported.append)
    tell(Progress(0, 7))
    tell(Progress(7, 7, found=1))
    assert reported == [Progress(10, 100, found=5), Progress(17, 100, found=6)]
