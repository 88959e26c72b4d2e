from bodychan.cameras.faults import Faults


def test_the_first_fault_of_each_kind_is_told_and_all_are_counted() -> None:
    warnings = ["take.mkv is cut off"]
    faults = Faults("take.mkv", warnings)
    faults.note("color", "image 7 is damaged")
    assert warnings == ["take.mkv is cut off", "take.mkv: image 7 is damaged"]
    faults.note("clock", "it went back")
    for number in (8, 9):
        faults.note("color", f"image {number} is damaged")
    assert warnings == [
        "take.mkv is cut off",
        "take.mkv: image 7 is damaged (the first of 3)",
        "take.mkv: it went back",
    ]
