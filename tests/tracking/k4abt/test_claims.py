from bodychan.tracking.k4abt.claims import HardwareClaims


def test_the_first_to_ask_decides_the_hardware() -> None:
    assert HardwareClaims().hardware is None
    claims = HardwareClaims()
    assert claims.claim("/kinect1", "microsoft")
    assert not claims.claim("/femto1", "orbbec")
    assert claims.claim("/kinect2", "microsoft")
    assert (claims.hardware, claims.holder) == ("microsoft", "/kinect1")


def test_asking_again_changes_nothing() -> None:
    claims = HardwareClaims()
    assert all(claims.claim("/kinect1", "microsoft") for _ in range(3))
    claims.release("/kinect1")
    assert (claims.hardware, claims.holder) == (None, None)


def test_other_hardware_gets_its_turn_when_the_last_has_let_go() -> None:
    claims = HardwareClaims()
    claims.claim("/kinect1", "microsoft")
    claims.claim("/kinect2", "microsoft")
    claims.release("/kinect1")
    assert not claims.claim("/femto1", "orbbec")
    claims.release("/kinect2")
    assert claims.claim("/femto1", "orbbec")


def test_an_operator_that_changes_its_hardware_gives_up_its_place() -> None:
    claims = HardwareClaims()
    claims.claim("/kinect1", "microsoft")
    assert claims.claim("/kinect1", "orbbec")
    claims.claim("/femto1", "orbbec")
    assert not claims.claim("/kinect1", "microsoft")
    assert claims.holder == "/femto1"


def test_one_that_was_refused_holds_nothing() -> None:
    claims = HardwareClaims()
    claims.claim("/kinect1", "microsoft")
    claims.claim("/femto1", "orbbec")
    claims.release("/femto1")
    assert claims.hardware == "microsoft"


def test_releasing_what_is_not_held_does_nothing() -> None:
    HardwareClaims().release("/nobody")


def test_two_projects_do_not_know_of_each_other() -> None:
    one, other = HardwareClaims(), HardwareClaims()
    assert one.claim("/kinect1", "microsoft")
    assert other.claim("/femto1", "orbbec")
