import pytest

from bodychan.errors import OutputError
from bodychan.outputs.network import Losses, one_of, parse, whole_number


def test_a_url_is_taken_apart() -> None:
    address = parse("osc://[::1]:7000/a/?x=1&x=two words&y=", "e", ("x", "y"))
    assert (address.host, address.port, address.path) == ("::1", 7000, "/a")
    assert address.options == {"x": ("1", "two words"), "y": ("",)}
    assert parse("psn://", "e", default=("1.2.3.4", 5))[:2] == ("1.2.3.4", 5)
    assert parse("psn://h", "e", default=("1.2.3.4", 5))[:2] == ("h", 5)


@pytest.mark.parametrize("url", ["x://", "x://h", "x://:1", "x:h:1", "x://h:99999", "x://h:1?y", "x://[h:1"])
def test_what_is_no_such_url_is_told_with_an_example(url: str) -> None:
    with pytest.raises(OutputError, match="write it as x://a:1"):
        parse(url, "x://a:1")


def test_options_are_checked() -> None:
    address = parse("x://h:1?a=2&b=z", "e", ("a", "b"))
    assert whole_number("x", address, "a", 1, 3) == 2
    assert whole_number("x", address, "c", 1, 3) is None
    assert one_of("x", address, "c", ("first", "second")) == "first"
    with pytest.raises(OutputError, match="'a' is a whole number from 3 to 4, not '2'"):
        whole_number("x", address, "a", 3, 4)
    with pytest.raises(OutputError, match="there is no b 'z'"):
        one_of("x", address, "b", ("first", "second"))
    with pytest.raises(OutputError, match="there is no option 'a': there are none"):
        parse("x://h:1?a=2", "e")


def test_a_cause_is_told_once_and_again_when_it_works_and_comes_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "bodychan")
    losses = Losses("x")
    for _ in range(3):
        losses.failed("a")
        losses.failed("b")
    losses.worked()
    losses.worked()
    assert losses.count == 6
    assert [message.partition(";")[0] for message in caplog.messages] == [
        "cannot send to x: a",
        "cannot send to x: b",
        "x can be sent to again",
    ]
