import pytest

from bodychan import Project
from bodychan.live import play


class Clock:
    """A clock that only sleeping and working move on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


class Watched(Project):
    def __init__(self, clock: Clock, work: dict[int, float]) -> None:
        super().__init__(fps=10, realtime=True)
        self.clock, self.work, self.frames = clock, work, list[int]()

    def step(self, frames: int = 1) -> None:
        super().step(frames)
        self.frames.append(self.frame)
        self.clock.now += self.work.get(self.frame, 0.01)


def test_frames_come_at_the_projects_rate() -> None:
    clock = Clock()
    project = Watched(clock, {})
    play(project, lambda: project.frame >= 20, clock=clock, sleep=clock.sleep)
    assert project.frames == list(range(1, 21))
    assert clock.now == pytest.approx(102.01)


def test_after_a_slow_frame_the_timeline_jumps_to_where_it_should_be() -> None:
    clock = Clock()
    project = Watched(clock, {3: 0.35})
    play(project, lambda: project.frame >= 9, clock=clock, sleep=clock.sleep)
    assert project.frames == [1, 2, 3, 6, 7, 8, 9]
