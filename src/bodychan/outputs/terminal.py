"""The terminal: a table of the players that is drawn anew, or plain lines in a pipe."""

from rich.console import Console
from rich.live import Live
from rich.table import Table

from bodychan.channels.channels import Channels
from bodychan.outputs.base import Output

_SHOWN = ("pelvis", "head", "hand_l", "hand_r", "foot_l", "foot_r")
_REDRAWS_PER_SECOND = 10


def table(channels: Channels) -> Table:
    """Lay out the players of one frame: their ids, and the positions of a few joints if there are such."""
    stamp = f"frame {channels['frame']:.0f}   {channels['timestamp'] / 1e6:.3f} s"
    view = Table(title=stamp, title_justify="left", caption="metres: x to the camera's left, y up, z away")
    view.add_column("player")
    view.add_column("id", justify="right")
    for joint in _SHOWN:
        view.add_column(joint, justify="right")
    for player, body in players(channels):
        view.add_row(player, f"{body:.0f}" if body else "–", *(position(channels, player, j) for j in _SHOWN))
    return view


def players(channels: Channels) -> list[tuple[str, float]]:
    """Give each player's name and body id."""
    return [(channel.name.partition("/")[0], float(channel)) for channel in channels.chans("p*/id")]


def position(channels: Channels, player: str, joint: str) -> str:
    """Write a joint's position as text; nothing if the layout has no positions or the place is empty."""
    if not channels[f"{player}/id"] or channels.chan(f"{player}/{joint}:tx") is None:
        return ""
    return " ".join(f"{channels[f'{player}/{joint}:t{axis}']:6.2f}" for axis in "xyz")


class TerminalOutput(Output):
    """Shows the newest frame; in a pipe, one line per camera frame."""

    target = "terminal"

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live: Live | None = None
        self._frame = -1.0

    def write(self, channels: Channels) -> None:
        """Show the newest sample; see `Output.write`."""
        frame = float(channels["frame"])
        if frame == self._frame:
            return
        self._frame = frame
        if not self._console.is_terminal:
            self._console.print(line(channels), soft_wrap=True, highlight=False, markup=False)
            return
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=_REDRAWS_PER_SECOND)
            self._live.start()
        self._live.update(table(channels))

    def close(self) -> None:
        """Leave the last table on the screen; see `Output.close`."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def line(channels: Channels) -> str:
    """Write one frame as one line."""
    parts = [f"frame {channels['frame']:.0f}", f"timestamp {channels['timestamp']:.0f}"]
    for player, body in players(channels):
        where = position(channels, player, "pelvis")
        parts.append(f"{player} id {body:.0f}" + (f" pelvis {where}" if where else ""))
    return "  ".join(parts)
