from bodychan.cameras.faults import Faults
from bodychan.cameras.numbering import Numbering


def numbers(times: list[int], fps: int = 30) -> tuple[list[int], list[str]]:
    warnings: list[str] = []
    numbering = Numbering(fps, Faults("camera", warnings))
    return [numbering.number(usec) for usec in times], warnings


def test_captures_are_counted_from_one_and_gaps_show() -> None:
    assert numbers([500, 33_833, 133_833, 167_166]) == ([1, 2, 5, 6], [])


def test_a_camera_a_little_off_its_rate_does_not_drift() -> None:
    found, _ = numbers([n * 33_180 for n in range(1000)])
    assert found == list(range(1, 1001))


def test_a_clock_that_goes_back_is_told_and_counting_goes_on() -> None:
    found, warnings = numbers([1_000_000, 1_033_333, 200_000, 233_333])
    assert found == [1, 2, 3, 4]
    assert len(warnings) == 1
    assert "went back from 1033333 to 200000" in warnings[0]
