"""A running pipeline: frames of all its sensors, one by one, as they come."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from bodychan.cameras.assembly import Frame
from bodychan.cameras.orbbec import api
from bodychan.cameras.orbbec.frames import read_frame
from bodychan.cameras.orbbec.profiles import Profile
from bodychan.cameras.orbbec.sdk import Handle, Sdk, SdkError
from bodychan.errors import CameraError

# A wait of nothing is a mistake to the library.
_SHORTEST_MS = 1
_AT_ONCE = 100


class Stream:
    """Starts a pipeline with one profile for each sensor; what it delivers waits in the library's queue."""

    def __init__(self, pipeline: Handle, profiles: Sequence[Profile]) -> None:
        self._pipeline, self._profiles = pipeline, profiles
        self._running = False

    def start(self) -> None:
        """Start the pipeline.

        Raises:
            SdkError: the device does not start in these profiles.
        """
        sdk = self._pipeline.sdk
        with Handle(sdk, sdk.call("ob_create_config"), "ob_delete_config") as config:
            for profile in self._profiles:
                config.call("ob_config_enable_stream_with_stream_profile", profile.handle.handle)
            # Sets would carry one inertial sample each, and lose the others.
            config.call("ob_config_set_frame_aggregate_output_mode", api.NEVER_AGGREGATED)
            self._pipeline.call("ob_pipeline_start_with_config", config.handle)
        self._running = True

    def stop(self) -> None:
        """Stop the pipeline; a second call does nothing."""
        if self._running:
            self._running = False
            self._pipeline.call("ob_pipeline_stop")

    def take(
        self,
        wait: float,
        wanted: Callable[[str, int], bool] = lambda _kind, _usec: True,
        damaged: Callable[[CameraError], None] | None = None,
    ) -> list[Frame]:
        """Take the frames that have come; wait for the first of them if need be, none if it does not come.

        Of frames whose kind and time `wanted` does not accept nothing else is copied. `damaged` is told of
        frames that are not what they say they are, and which are left out.

        Raises:
            SdkError: the device is gone.
            CameraError: a frame is not what it says it is, and there is no `damaged` to be told.
        """
        taken: list[Frame] = []
        wait_ms = max(_SHORTEST_MS, round(wait * 1000))
        while len(taken) < _AT_ONCE and (
            frames := self._pipeline.call("ob_pipeline_wait_for_frameset", wait_ms)
        ):
            taken += _copied(self._pipeline.sdk, frames, wanted, damaged)
            wait_ms = _SHORTEST_MS
        return taken


def _copied(
    sdk: Sdk,
    frames: int,
    wanted: Callable[[str, int], bool],
    damaged: Callable[[CameraError], None] | None,
) -> list[Frame]:
    copied = []
    try:
        for i in range(sdk.call("ob_frameset_get_count", frames)):
            handle = sdk.call("ob_frameset_get_frame_by_index", frames, i)
            try:
                frame = read_frame(sdk, handle, wanted)
            except CameraError as error:
                if damaged is None:
                    raise
                damaged(error)
                continue
            finally:
                sdk.call("ob_delete_frame", handle)
            if frame is not None:
                copied.append(frame)
    finally:
        with suppress(SdkError):
            sdk.call("ob_delete_frame", frames)
    return copied
