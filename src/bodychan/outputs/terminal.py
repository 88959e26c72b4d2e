"""The terminal: a table of the players that is drawn anew, or plain lines in a pipe."""

from collections.abc import Mapping

from rich.console import Console
from rich.live import Live
from rich.table import Table

from bodychan.channels.channels import Channels
from bodychan.errors import OutputError
from bodychan.outputs.base import Output, closed

_SHOWN = ("pelvis", "head", "hand_l", "hand_r", "foot_l", "foot_r")
_REDRAWS_PER_SECOND = 10
_PLAYER_WIDTH, _JOINT_WIDTH = 18, 23
_MOST_ROWS = 16
_MOST_IN_LINE = 8


def table(channels: Channels, width: int = 160) -> Table:
    """Lay out the players of one frame: their ids, and as many joints' positions as `width` has room for.

    Channels without such players, as `scope` or a naming table may leave them, are listed one by one.
    """
    values = newest(channels)
    title = "   ".join(stamps(values)) or None
    known = players(values)
    if not any(f"{player}/{joint}:tx" in values for player in known for joint in _SHOWN):
        return _listed(values, title)
    view = Table(title=title, title_justify="left", caption="metres: x to the camera's left, y up, z away")
    view.add_column("player")
    view.add_column("id", justify="right")
    shown = _SHOWN[: max(1, (width - _PLAYER_WIDTH) // _JOINT_WIDTH)]
    for joint in shown:
        view.add_column(joint, justify="right", no_wrap=True)
    for player in known:
        view.add_row(player, body(values, player), *(position(values, player, joint) for joint in shown))
    return view


def _listed(values: Mapping[str, float], title: str | None) -> Table:
    more = len(values) - _MOST_ROWS
    caption = f"and {more} more channels" if more > 0 else None
    view = Table(title=title, title_justify="left", caption=caption)
    view.add_column("channel")
    view.add_column("value", justify="right")
    for name, value in list(values.items())[:_MOST_ROWS]:
        view.add_row(name, f"{value:.6g}")
    return view


def newest(channels: Channels) -> dict[str, float]:
    """Give the newest sample by name."""
    return dict(zip(channels.names, channels.samples[:, -1].tolist(), strict=True))


def stamps(values: Mapping[str, float]) -> list[str]:
    """Write which frame it is and when it was, as far as the channels tell."""
    frame = [f"frame {values['frame']:.0f}"] if "frame" in values else []
    return frame + ([f"{values['timestamp'] / 1e6:.3f} s"] if "timestamp" in values else [])


def players(values: Mapping[str, float]) -> list[str]:
    """Give the names of the players that have channels."""
    prefixes = dict.fromkeys(name.partition("/")[0] for name in values if "/" in name)
    return [prefix for prefix in prefixes if prefix[:1] == "p" and prefix[1:].isdigit()]


def body(values: Mapping[str, float], player: str) -> str:
    """Write a player's body id; a dash for nobody, nothing where it is not among the channels."""
    number = values.get(f"{player}/id")
    return "" if number is None else f"{number:.0f}" if number else "–"


def position(values: Mapping[str, float], player: str, joint: str) -> str:
    """Write a joint's position; nothing where it is not among the channels or nobody is there."""
    found = [values.get(f"{player}/{joint}:t{axis}") for axis in "xyz"]
    if not values.get(f"{player}/id", 1) or None in found:
        return ""
    return " ".join(f"{value:6.2f}" for value in found if value is not None)


class TerminalOutput(Output):
    """Shows the newest sample when it is of another camera frame; in a pipe, as one line."""

    target = "terminal"
    newest_only = True

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live: Live | None = None
        self._shown: object = None
        self._closed = False

    def write(self, channels: Channels) -> None:
        """Show the newest sample; see `Output.write`."""
        if self._closed:
            raise closed(self.target)
        values = newest(channels)
        news = values.get("frame", values)
        if news == self._shown:
            return
        self._shown = news
        try:
            self._show(channels)
        except (OSError, SystemExit) as error:  # rich ends the program when nobody reads its pipe any more
            raise OutputError("the terminal, or whoever read the pipe, is gone") from error

    def _show(self, channels: Channels) -> None:
        if not self._console.is_terminal:
            self._console.print(line(channels), soft_wrap=True, highlight=False, markup=False)
            return
        if self._live is None:
            self._live = Live(console=self._console, refresh_per_second=_REDRAWS_PER_SECOND)
            self._live.start()
        self._live.update(table(channels, self._console.width))

    def close(self) -> None:
        """Leave the last table on the screen; see `Output.close`."""
        self._closed = True
        if self._live is not None:
            self._live.stop()
            self._live = None


def line(channels: Channels) -> str:
    """Write one frame as one line."""
    values = newest(channels)
    parts = [f"frame {values['frame']:.0f}"] if "frame" in values else []
    parts += [f"timestamp {values['timestamp']:.0f}"] if "timestamp" in values else []
    known = [player for player in players(values) if f"{player}/id" in values]
    for player in known:
        where = position(values, player, "pelvis")
        parts.append(f"{player} id {values[f'{player}/id']:.0f}" + (f" pelvis {where}" if where else ""))
    if known:
        return "  ".join(parts)
    others = [(name, value) for name, value in values.items() if name not in ("frame", "timestamp")]
    parts += [f"{name} {value:.6g}" for name, value in others[:_MOST_IN_LINE]]
    more = len(others) - _MOST_IN_LINE
    return "  ".join(parts + ([f"and {more} more"] if more > 0 else []))
