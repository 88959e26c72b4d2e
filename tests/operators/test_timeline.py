import pytest

from bodychan import Project


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
    project.play(lambda: project.frame >= 20, clock=clock, sleep=clock.sleep)
    assert project.frames == list(range(1, 21))
    assert clock.now == pytest.approx(102.01)


def test_after_a_slow_frame_the_timeline_jumps_to_where_it_should_be() -> None:
    clock = Clock()
    project = Watched(clock, {3: 0.35})
    project.play(lambda: project.frame >= 9, clock=clock, sleep=clock.sleep)
    assert project.frames == [1, 2, 3, 6, 7, 8, 9]


def test_a_pause_ends_the_play_and_a_second_play_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    project = Watched(clock, {4: 0.05})
    step = project.step

    def pausing(frames: int = 1) -> None:
        step(frames)
        if project.frame == 4:
            project.pause()

    monkeypatch.setattr(project, "step", pausing)
    project.play(lambda: False, clock=clock, sleep=clock.sleep)
    assert (project.frame, project.playing) == (4, False)
    clock.now += 60
    project.play(lambda: project.frame >= 6, clock=clock, sleep=clock.sleep)
    assert project.frames == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("target", [2, 100])
def test_a_jump_while_playing_goes_on_from_there_at_the_projects_rate(
    monkeypatch: pytest.MonkeyPatch, target: int
) -> None:
    clock = Clock()
    project = Watched(clock, {})
    step = project.step

    def jumping(frames: int = 1) -> None:
        step(frames)
        if len(project.frames) == 5:
            project.jump(target)

    monkeypatch.setattr(project, "step", jumping)
    project.play(lambda: len(project.frames) >= 8, clock=clock, sleep=clock.sleep)
    assert project.frames == [1, 2, 3, 4, 5, target + 1, target + 2, target + 3]
    assert clock.now == pytest.approx(100.82)


def test_a_project_plays_itself() -> None:
    project = Project(fps=1000, realtime=True)
    project.play(lambda: project.frame >= 3)
    assert project.frame >= 3
