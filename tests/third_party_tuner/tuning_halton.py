"""An example of a tuner that is no part of `tuning`: SciPy's Halton sequence."""

from scipy.stats import qmc

from tuning import Tuner


class Halton(Tuner):
    """A scrambled Halton sequence over the space, each configuration trained in full."""

    name = "halton"
    library = "scipy"

    def search(self, problem, evaluator, *, budget, seed):
        points = qmc.Halton(len(problem.space.hyperparameters), rng=seed)
        while True:  # until the evaluator ends it
            place = iter(points.random(1)[0])
            evaluator.evaluate(problem.space.sample(lambda place=place: float(next(place))))
