"""From the Kinect Azure CHOP's parameters to how bodies are shaped."""

import re

from bodychan.channels.filters import Filter, Holt, OneEuro
from bodychan.channels.layout import JOINT_GROUPS, Layout
from bodychan.channels.pipeline import Shaping
from bodychan.channels.players import Rules
from bodychan.errors import ParameterError
from bodychan.operators.parameters import Parameters


def layout_of(par: Parameters) -> Layout:
    """Give the channels that the parameters ask for."""
    return Layout(
        players=par.maxplayers,
        groups=frozenset(group for group in JOINT_GROUPS if getattr(par, group)),
        imu=par.imuchans,
        aspect_correct=par.aspectcorrectuv,
        flip_v=par.flipimagev,
        flip_u=par.flipskelu,
        status=par.statuschans,
    )


def shaping_of(par: Parameters) -> Shaping:
    """Give what the parameters ask for.

    Raises:
        ParameterError: the zone is empty, or `slotids` is not a list of ids.
    """
    return Shaping(layout_of(par), _rules(par), filter_of(par), par.unrollbones)


def filter_of(par: Parameters) -> Filter | None:
    """Give the filter that the parameters choose; None for none."""
    if par.filter == "oneeuro":
        return OneEuro(par.mincutoff, par.beta, par.dcutoff)
    if par.filter == "holt":
        return Holt(par.smoothing, par.correction, par.prediction, par.jitterradius, par.maxdeviation)
    return None


def _rules(par: Parameters) -> Rules:
    return Rules(
        policy=par.slotpolicy,
        hold=par.holdtime,
        near=par.nearlimit,
        far=par.farlimit,
        zone=_zone(par) if par.zone else None,
        hysteresis=par.slothysteresis,
        dwell=par.slotdwell,
        ids=_ids(par.slotids) if par.slotpolicy == "fixedid" else (),
    )


def _zone(par: Parameters) -> tuple[tuple[float, float], ...]:
    zone = tuple((getattr(par, f"zonemin{axis}"), getattr(par, f"zonemax{axis}")) for axis in "xyz")
    for axis, (least, greatest) in zip("xyz", zone, strict=True):
        if least > greatest:
            raise ParameterError(
                f"the zone is empty: its least {axis}, {least:g} m, is above its greatest, {greatest:g} m"
            )
    return zone


def _ids(text: str) -> tuple[int, ...]:
    words = re.split(r"[\s,;]+", text.strip()) if text.strip() else []
    if not all(word.isdecimal() for word in words):
        raise ParameterError(f"parameter 'slotids': {text!r} is not a list of body ids: write them as '4 9'")
    ids = tuple(int(word) for word in words)
    used = [body for body in ids if body]
    if len(set(used)) < len(used):
        raise ParameterError(f"parameter 'slotids': {text!r} names a body twice; it can have one place")
    return ids
