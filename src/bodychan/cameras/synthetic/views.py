"""Views: several cameras round one scene, for what brings cameras together.

They stand on a circle about the middle of the scene, a quarter turn apart, each at the height and tilt of the
one camera that a scene has otherwise; view 1 is where that is. Walls and furniture would be in the way.
"""

from dataclasses import replace

import numpy as np

from bodychan.cameras.synthetic.device import Placement
from bodychan.cameras.synthetic.kinematics import turn
from bodychan.cameras.synthetic.room import CUPBOARD, WALL
from bodychan.cameras.synthetic.scenes import Scene
from bodychan.model.arrays import F64

VIEWS = 4
_MIDDLE_MM = np.array([0.0, 0.0, 2650.0])


def without_walls(scene: Scene) -> Scene:
    """Give a scene as cameras on all sides can see it."""
    return replace(scene, boxes=tuple(box for box in scene.boxes if box not in (WALL, CUPBOARD)))


def moved(placement: Placement, view: int) -> Placement:
    """Move a placement to a view, 1 to 4; view 0 leaves it."""
    if view == 0:
        return placement
    quarters = turn(1, 90.0 * (view - 1))

    def there(seconds: float) -> tuple[F64, F64]:
        rotation, place = placement(seconds)
        return quarters @ rotation, _MIDDLE_MM + quarters @ (place - _MIDDLE_MM)

    return there
