from bodychan.viewer.events import Presence
from bodychan.viewer.presence import PresenceLog


def test_what_follows_each_other_is_one_span() -> None:
    log = PresenceLog(100.0)
    for tenths in range(300):
        log.note(tenths / 10, [1] if tenths < 100 or tenths >= 200 else [2])
    assert log.spans() == (
        Presence(1, ((0.0, 10.0), (20.0, 30.0))),
        Presence(2, ((10.0, 20.0),)),
    )


def test_captures_that_were_not_tracked_end_a_span_only_when_they_are_many() -> None:
    log = PresenceLog(100.0)
    for seconds in (0.0, 0.4, 0.8, 5.0):
        log.note(seconds, [1])
    assert log.spans() == (Presence(1, ((0.0, 0.9), (5.0, 5.1))),)


def test_two_captures_in_one_slot_are_both_noted() -> None:
    log = PresenceLog(1000.0)
    log.note(0.1, [1])
    log.note(0.2, [2])
    assert [presence.id for presence in log.spans()] == [1, 2]


def test_what_is_played_again_replaces_what_was_noted() -> None:
    log = PresenceLog(100.0)
    for seconds in (0.0, 50.0):
        log.note(seconds, [1])
    log.note(0.0, [7])
    assert log.spans() == (Presence(1, ((50.0, 50.1),)), Presence(7, ((0.0, 0.1),)))


def test_a_long_recording_stays_cheap() -> None:
    log = PresenceLog(36_000.0)
    for seconds in range(36_000):
        log.note(float(seconds), [1, 2])
    assert len(log._ids) == 1000
    assert len(log.spans()[0].spans) == 1
