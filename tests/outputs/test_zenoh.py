import threading

import numpy as np
import pytest

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.network.link import Address, Link
from bodychan.network.messages import ChannelsMessage, decode
from bodychan.outputs.base import Output
from bodychan.outputs.registry import open_output
from bodychan.outputs.zenoh import ZenohOutput
from bodychan.testing import check_output
from networks import free_endpoint, sender_of
from recordings import calibration
from scripted import ScriptedCamera, standing

pytest.importorskip("zenoh", reason="Zenoh is not installed: pip install 'bodychan[network]'")


def camera() -> ScriptedCamera:
    return ScriptedCamera(calibration(), [])


def test_it_keeps_the_contract_of_an_output() -> None:
    endpoint = free_endpoint()
    heard: list[ChannelsMessage] = []
    linked = threading.Event()
    with Link(Address("site/cam1", listen=(endpoint,))) as link:
        link.hear("channels", lambda _key, data: heard.append(decode(data, ChannelsMessage)))
        link.hear("bodies", lambda _key, _data: linked.set())

        def open_one() -> Output:
            output = ZenohOutput(f"zenoh://site/cam1?connect={endpoint}")
            while not linked.wait(0.02):
                output.write_bodies(standing([1]), sender_of(camera()))
            return output

        def received() -> list[Channels]:
            for _ in range(200):
                if len(heard) == 4:
                    break
                threading.Event().wait(0.01)
            names = heard[0].names
            assert names is not None
            slices = [np.frombuffer(message.samples).reshape(len(names), -1) for message in heard]
            samples = np.concatenate(slices, axis=1)
            return [Channels(names, samples[:, [i]], 30.0) for i in range(samples.shape[1])]

        check_output(open_one, received)


def test_who_comes_late_gets_the_names_and_every_sample() -> None:
    endpoint = free_endpoint()
    channels = Channels(("frame", "p1/id"), np.array([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0]]), 90, 12)
    heard: list[ChannelsMessage] = []
    named = threading.Event()

    def hear(_key: str, data: bytes) -> None:
        heard.append(decode(data, ChannelsMessage))
        if heard[-1].names is not None:
            named.set()

    with open_output(f"zenoh://site/cam1?listen={endpoint}") as output:
        output.write(channels)
        with Link(Address("site/cam1", (endpoint,))) as link:
            link.hear("channels", hear)
            for _ in range(300):
                output.write(channels)
                if named.wait(0.02):
                    break
    last = heard[-1]
    assert last.names == ("frame", "p1/id")
    assert (last.rate, last.start, last.layout) == (90, 12, heard[0].layout)
    np.testing.assert_array_equal(np.frombuffer(last.samples).reshape(2, 3), channels.samples)


def test_a_url_that_is_none_is_one_clear_line() -> None:
    with pytest.raises(OutputError, match="zenoh://site/cam1"):
        open_output("zenoh://")
