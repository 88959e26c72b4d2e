"""How the lengths of people's bones go together: their mean and covariance, for the tracker's fit."""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bodychan.articulated.proportions import BONES
from bodychan.model.skeleton import PARENTS, Joint
from training.bodies import Bank, load
from training.figures import joints_at_rest, stretched
from training.geometry import seed


def lengths(bank: Bank, number: int) -> NDArray[np.float64]:
    """Give the lengths (B, 18) mm of each body's bones in the tracker's skeleton, pelvis between the hips."""
    seed(number)
    rows = []
    for k in range(len(bank.vertices)):
        body = bank.vertices[k], bank.heads[k], bank.tails[k], bank.parents, bank.weights, bank.indices
        rest, heads, tails = stretched(*body)
        skinned = rest.astype(np.float64)
        places = joints_at_rest(heads, tails, skinned, bank.nose, bank.left_ear, bank.right_ear)
        places[Joint.PELVIS] = (places[Joint.HIP_LEFT] + places[Joint.HIP_RIGHT]) / 2
        rows.append(1000 * np.linalg.norm(places[BONES] - places[[PARENTS[b] for b in BONES]], axis=1))
    return np.array(rows)


def main() -> None:
    """Write mean and covariance of the logarithms of the lengths, over the bodies that are trained with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bodies", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rows = np.log(lengths(load(given.bodies), given.seed))
    np.savez(given.out, mean=rows.mean(axis=0), covariance=np.cov(rows.T))


if __name__ == "__main__":
    main()
