"""The real five tuners where no configuration is better than another: how often a study declares a difference.

    python -m tests.simulations.flat [REPLICATES [STUDIES]]

prints the table of `docs/method.md`; `test_flat.py` holds the same to smaller numbers.

A pool of replicates is really run: each tuner and baseline searches through the evaluator, and winners are retrained. A
simulated study is so many replicates of the pool, drawn without repeats, judged by the tests of the verdict. Tuners
keep their names: one that tries more configurations than another has the luckier best score, and no better winner.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tuning import tuners as registry
from tuning.budget import Budget
from tuning.configuration import Configuration
from tuning.journal.records import TrialState
from tuning.problems.synthetic import SyntheticProblem, continuous_space
from tuning.runner.cell import CellTask, run_cell
from tuning.runner.plan import FIVE
from tuning.statistics.rank_sum import rank_sum_p
from tuning.statistics.signed_rank import LEVEL, holm
from tuning.tuners.base import Tuner
from tuning.tuners.keras_tuner import KTBayesian
from tuning.tuners.optuna import OptunaTPE

Floats = npt.NDArray[np.float64]
MAX_EPOCHS = 9
TRAININGS = 8  # full ones that a search pays for
SEEDS = 2  # of each winner's retraining, as by default
# So that the two that learn from trials learn here.
LEARNING: dict[str, Tuner] = {
    "kt-bayesian": KTBayesian(num_initial_points=3),
    "optuna-tpe": OptunaTPE(n_startup_trials=3),
}
TUNERS: list[Tuner] = [LEARNING[name] if name in LEARNING else registry.load(name)() for name in FIVE]
BASELINES: list[Tuner] = [registry.load(name)() for name in registry.BASELINES]
ONE_ALGORITHM = {"kt-random", "sklearn-randomized"}


class Flat(SyntheticProblem):
    """Every configuration is as good as every other; a score is noise that its seed draws."""

    def value(self, configuration: Configuration, epoch: int, seed: int) -> float:
        return 0.8 - 0.3 * 0.5**epoch + float(np.random.default_rng([seed, epoch]).normal(scale=0.01))


@dataclass(frozen=True)
class Pool:
    """Scores of cells that were really run, (num_replicates, num_tuners + num_baselines) each.

    Attributes:
        seen: The best score of the search.
        retrained: The winner's mean test score over fresh seeds: the endpoint.
        configurations: Tried by the search.
    """

    seen: Floats
    retrained: Floats
    configurations: Floats


def pool(replicates: int) -> Pool:
    """Really runs so many replicates."""
    problem = Flat(continuous_space, name="flat", max_epochs=MAX_EPOCHS)
    cells = [[_cell(problem, tuner, replicate) for tuner in (*TUNERS, *BASELINES)] for replicate in range(replicates)]
    return Pool(*np.moveaxis(np.array(cells, dtype=float), 2, 0))


def _cell(problem: Flat, tuner: Tuner, replicate: int) -> tuple[float, float, int]:
    budget = Budget(TRAININGS * MAX_EPOCHS).times(tuner.budget_factor)
    done = run_cell(CellTask("flat", problem, tuner, replicate + 1, budget, retrain=SEEDS))
    complete = [trial for trial in done.trials if trial.state == TrialState.COMPLETE]
    winner = max(complete, key=lambda trial: trial.score)
    tests = [one.test[problem.objective.test_metric] for one in done.retrainings if one.trial == winner.number]
    return winner.score, float(np.mean(tests)), len({str(trial.configuration) for trial in done.trials})


def declared(scores: Floats, replicates: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """Shares of studies that declare some tuner better than another, and the tuners different from some baseline."""
    generator = np.random.default_rng(seed)
    names = [tuner.label for tuner in TUNERS]
    family = [(a, b) for a, b in combinations(range(len(names)), 2) if not {names[a], names[b]} <= ONE_ALGORITHM]
    differ, searching = 0, 0
    for _ in range(studies):
        drawn = scores[generator.choice(len(scores), replicates, replace=False)]
        searches, runs = drawn[:, : len(names)], drawn[:, len(names) :]
        differ += holm([rank_sum_p(drawn[:, a], drawn[:, b]) for a, b in family]).min() <= LEVEL
        searching += holm([rank_sum_p(run, searches.ravel()) for run in runs.T]).min() <= LEVEL
    return differ / studies, searching / studies


def main(replicates: int, studies: int, sizes: Sequence[int] = (10, 20, 50, 100)) -> None:
    made = pool(replicates)
    tried = ", ".join(
        f"{tuner.label} {tries:.1f}"
        for tuner, tries in zip((*TUNERS, *BASELINES), made.configurations.mean(axis=0), strict=True)
    )
    print(f"{replicates} replicates in the pool, {studies} studies an entry; configurations tried: {tried}\n")
    print("| replicates | tuners, by the best score seen | by the retrained winner | against baselines, likewise | |")
    print("| --- | --- | --- | --- | --- |")
    for size in sizes:
        before, now = declared(made.seen, size, studies), declared(made.retrained, size, studies)
        shares = (before[0], now[0], before[1], now[1])
        print(f"| {size} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:])) if len(sys.argv) > 2 else main(1000, 1000)
