from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bodychan.cameras.recording.grouping import Block, Group, Grouper

PERIOD_NS = 33_333_333
PERIOD_USEC = 33_333


def block(track: str, usec: int, delay_usec: int = 0) -> Block[str]:
    return Block(track, usec, (usec + delay_usec) * 1000, f"{track}{usec}")


def grouped(
    blocks: list[Block[str]],
    tracks: str = "color depth ir",
    samples: tuple[int, ...] = (),
    cut_off: bool = False,
) -> list[Group[str]]:
    grouper: Grouper[str] = Grouper(tracks.split(), PERIOD_NS, imu=bool(samples))
    out = []
    for usec in samples:
        grouper.add_imu(usec, str(usec).encode())
    for item in blocks:
        grouper.add_image(item)
        out += list(iter(grouper.take, None))
    grouper.finish(cut_off=cut_off)
    return out + list(iter(grouper.take, None))


def whole(usec: int) -> list[Block[str]]:
    return [block(track, usec) for track in ("color", "depth", "ir")]


def test_images_less_than_half_a_period_apart_make_one_capture() -> None:
    groups = grouped([block("color", 1000), block("depth", 1000 + 16_666), block("ir", 1000 + 16_667)])
    assert [sorted(group.blocks) for group in groups] == [["color", "depth"], ["ir"]]


def test_the_time_of_a_capture_is_that_of_depth_else_infrared_else_colour() -> None:
    assert grouped([block("color", 10), block("depth", 30), block("ir", 20)])[0].usec == 30
    assert grouped([block("color", 10), block("ir", 20)])[0].usec == 20
    assert grouped([block("color", 10)])[0].usec == 10


def test_the_delay_between_the_cameras_is_taken_out() -> None:
    late = [block("color", 0, 30_000), block("depth", 30_000), block("ir", 30_000)]
    assert len(grouped(late)) == 1
    assert len(grouped([block("color", 0), block("depth", 30_000), block("ir", 30_000)])) == 2


def test_captures_are_numbered_by_frame_periods_and_dropped_ones_count() -> None:
    times = [0, PERIOD_USEC, 4 * PERIOD_USEC, 5 * PERIOD_USEC + 9000]
    groups = grouped([b for usec in times for b in whole(usec)])
    assert [group.index for group in groups] == [1, 2, 5, 6]


def test_a_camera_off_its_nominal_rate_does_not_drift() -> None:
    period = 33_300
    groups = grouped([b for k in range(3000) for b in whole(k * period)])
    assert [group.index for group in groups] == list(range(1, 3001))


def test_samples_join_the_first_capture_not_before_them_and_the_rest_the_last() -> None:
    blocks = [b for usec in (1000, 40_000) for b in whole(usec)]
    groups = grouped(blocks, samples=(500, 1000, 1001, 40_000, 60_000))
    assert [group.imu for group in groups] == [(b"500", b"1000"), (b"1001", b"40000", b"60000")]


def test_late_samples_come_out_oldest_first() -> None:
    groups = grouped(whole(5000), samples=(3000, 1000, 2000))
    assert groups[0].imu == (b"1000", b"2000", b"3000")


def test_a_sample_that_lies_late_in_the_file_is_waited_for() -> None:
    grouper: Grouper[str] = Grouper(["depth"], PERIOD_NS, imu=True)
    for k in range(3):
        grouper.add_image(block("depth", 1000 + k * PERIOD_USEC))
        assert grouper.take() is None
    grouper.add_imu(900, b"900")
    grouper.add_imu(1100, b"1100")
    group = grouper.take()
    assert group is not None
    assert group.imu == (b"900",)


def test_samples_that_never_come_are_waited_for_a_tenth_of_a_second() -> None:
    grouper: Grouper[str] = Grouper(["depth"], PERIOD_NS, imu=True)
    taken = []
    for k in range(8):
        grouper.add_image(block("depth", k * PERIOD_USEC))
        taken.append(len(list(iter(grouper.take, None))))
    assert taken == [0, 0, 0, 0, 1, 1, 1, 1]


def test_an_empty_track_does_not_hold_everything_back() -> None:
    grouper: Grouper[str] = Grouper(["color", "depth", "ir"], PERIOD_NS, imu=True)
    taken, most = 0, 0
    for k in range(1000):
        grouper.add_image(block("depth", k * PERIOD_USEC))
        grouper.add_image(block("ir", k * PERIOD_USEC))
        taken += len(list(iter(grouper.take, None)))
        most = max(most, k + 1 - taken)
    assert most <= 6


def test_a_cut_off_file_does_not_give_a_capture_that_lacks_what_others_have() -> None:
    blocks = [
        *whole(0),
        *whole(PERIOD_USEC),
        block("color", 2 * PERIOD_USEC),
        block("depth", 2 * PERIOD_USEC),
    ]
    assert len(grouped(blocks, cut_off=True)) == 2
    assert len(grouped(blocks, cut_off=False)) == 3


def test_a_capture_that_lacks_an_image_comes_out_of_a_cut_off_file_when_later_images_show_that() -> None:
    blocks = [
        *whole(0),
        block("color", PERIOD_USEC),
        block("depth", PERIOD_USEC),
        block("color", 2 * PERIOD_USEC),
    ]
    assert [sorted(group.blocks) for group in grouped(blocks, cut_off=True)] == [
        ["color", "depth", "ir"],
        ["color", "depth"],
    ]


@given(
    st.lists(
        st.tuples(st.sets(st.sampled_from(["color", "depth", "ir"])), st.integers(-8000, 8000)), max_size=40
    ),
    st.booleans(),
)
def test_every_image_comes_out_once_and_in_order(frames: list[tuple[set[str], int]], imu: bool) -> None:
    blocks = [
        block(track, 100_000 + k * PERIOD_USEC + (jitter if track == "color" else 0))
        for k, (tracks, jitter) in enumerate(frames)
        for track in sorted(tracks)
    ]
    blocks.sort(key=lambda item: item.usec)
    samples = tuple(range(90_000, 100_000 + len(frames) * PERIOD_USEC, 4807)) if imu else ()
    groups = grouped(blocks, samples=samples)
    assert sorted(b.data for g in groups for b in g.blocks.values()) == sorted(b.data for b in blocks)
    for track in ("color", "depth", "ir"):
        times = [g.blocks[track].usec for g in groups if track in g.blocks]
        assert times == sorted(times)
    assert all(a.index < b.index for a, b in pairwise(groups))
    if groups:
        assert [int(sample) for g in groups for sample in g.imu] == list(samples)
