"""A Gaussian process of noisy values over a cube, and its averages with their uncertainty.

Matern's 5/2 kernel with a length for each dimension (Rasmussen and Williams, Gaussian Processes for Machine Learning,
2006, sections 4.2 and 5.4). Lengths and noise are the most probable ones under wide log-normal priors; those of lengths
grow with the root of the number of dimensions (Hvarfner, Hellsten and Nardi, ICML 2024), so that a dimension matters
only where the values say so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
LENGTH, LENGTH_SPREAD = math.sqrt(2), math.sqrt(3)  # of log lengths, in one dimension (Hvarfner et al.)
NOISE, NOISE_SPREAD = math.log(0.1), 1.5  # of the log of the noise's variance, in variances of the function
STEPS = 60  # of the optimiser


@dataclass(frozen=True)
class GaussianProcess:
    """A fitted process.

    Attributes:
        rows: (n, num_dimensions), where values were seen.
        unordered: (num_dimensions,): two different values of such a dimension are as far apart as any others.
        weights: (num_dimensions,): inverse squared lengths.
        mean: Of the values.
        variance: Of the function around it.
        answers: (n,): the inverse kernel matrix times the values.
        inverse: (n, n) of the kernel matrix with noise, in units of `variance`.
        explained: The share of the variance of each value that the others foresee (leave-one-out); may be negative.
    """

    rows: Floats
    unordered: Flags
    weights: Floats
    mean: float
    variance: float
    answers: Floats
    inverse: Floats
    explained: float

    def average(self, rows: Floats, fixed: dict[int, Floats]) -> tuple[Floats, Floats]:
        """The mean of the function over rows in which some dimensions are set, and how uncertain that mean is.

        With `rows` drawn from a space, this is the function's partial dependence on these dimensions (Friedman, Annals
        of Statistics 29, 2001), with the variance of the process' own average over them, covariances included
        (Moosbauer, Herbinger, Casalicchio, Lindauer and Bischl, NeurIPS 2021, equation 6).

        Args:
            rows: (num_rows, num_dimensions).
            fixed: By dimension, its (num_points,) values.

        Returns:
            Means and standard deviations, each (num_points,).
        """
        free = [place for place in range(self.rows.shape[1]) if place not in fixed]
        others = self._squared(rows, self.rows, free)
        among = float(_matern(self._squared(rows, rows, free)).mean())  # what is set is the same in both
        nearness = [
            _matern(others + sum(self._squared(at[None, None], self.rows[:, [place]], [place], of_one=True)
                                 for place, at in zip(fixed, point, strict=True))).mean(axis=0)
            for point in zip(*fixed.values(), strict=True)
        ]  # fmt: skip
        near = np.array(nearness)
        left = among - np.einsum("gi,ij,gj->g", near, self.inverse, near)
        return self.mean + near @ self.answers, np.sqrt(self.variance * np.maximum(left, 0.0))

    def _squared(self, a: Floats, b: Floats, places: list[int], of_one: bool = False) -> Floats:
        """Weighted squared distances (num_a, num_b) in some dimensions; `of_one`: a and b have that one alone."""
        total = np.zeros((len(a), len(b)))
        for place in places:
            column = 0 if of_one else place
            apart = a[:, column][:, None] - b[:, column][None]
            total += self.weights[place] * _distance(apart, bool(self.unordered[place]))
        return total


def fit(rows: Floats, values: Floats, unordered: Flags) -> GaussianProcess:
    """The most probable process.

    Args:
        rows: (n, num_dimensions), each dimension in 0 .. 1 or, if unordered, any number for each of its values.
        values: (n,), not all equal.
        unordered: (num_dimensions,).
    """
    mean, spread = float(values.mean()), float(values.std())
    scaled = (values - mean) / spread
    kinds = zip(rows.T, unordered, strict=True)
    distances = np.array([_distance(at[:, None] - at[None], bool(kind)) for at, kind in kinds])
    prior = np.full(len(distances), LENGTH + math.log(len(distances)) / 2)
    found = optimize.minimize(
        _misfit,
        np.append(prior - 1, NOISE),
        args=(distances, scaled, np.append(prior, NOISE)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": STEPS, "maxfun": 2 * STEPS},
        bounds=[(-4.0, 8.0)] * len(distances) + [(-9.0, 4.0)],
    ).x
    weights, noise = np.exp(-2 * found[:-1]), math.exp(found[-1])
    inverse = linalg.inv(_matern(np.tensordot(weights, distances, 1)) + noise * np.eye(len(rows)))
    answers = inverse @ scaled
    left_out = answers / np.diag(inverse)
    return GaussianProcess(
        rows,
        unordered,
        weights,
        mean,
        spread**2 * float(scaled @ answers) / len(rows),
        spread * answers,
        inverse,
        1 - float((left_out**2).mean()) / (1 + 1 / (len(rows) - 1)) ** 2,
    )


def _misfit(at: Floats, distances: Floats, values: Floats, prior: Floats) -> tuple[float, Floats]:
    """The negative log posterior of log lengths and log noise, the function's variance being its best, and gradient."""
    weights, noise, n = np.exp(-2 * at[:-1]), math.exp(at[-1]), len(values)
    root = np.sqrt(5 * np.tensordot(weights, distances, 1))
    decay = np.exp(-root)
    factor = linalg.cholesky((1 + root + root**2 / 3) * decay + noise * np.eye(n), lower=True)
    inverse = linalg.cho_solve((factor, True), np.eye(n))
    answers = inverse @ values
    variance = float(values @ answers) / n
    spread = np.append(np.full(len(weights), LENGTH_SPREAD), NOISE_SPREAD)
    off = (at - prior) / spread
    misfit = n / 2 * math.log(variance) + float(np.log(np.diag(factor)).sum()) + float(off @ off) / 2
    slope = (inverse - np.outer(answers, answers) / variance) / 2
    along = weights * np.tensordot(distances, slope * (1 + root) * decay * (5 / 3), 2)
    return misfit, np.append(along, noise * np.trace(slope)) + off / spread


def _distance(apart: Floats, unordered: bool) -> Floats:
    return np.asarray(apart != 0, dtype=float) if unordered else apart**2


def _matern(squared: Floats) -> Floats:
    root = np.sqrt(5 * squared)
    return np.asarray((1 + root + root**2 / 3) * np.exp(-root))
