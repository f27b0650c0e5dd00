"""The real five tuners where no configuration is better than another: how often a study declares a difference.

    python -m tests.simulations.flat [STUDIES]

prints the table of `docs/method.md`; `test_flat.py` holds the same to smaller numbers.

The replicates are really run: each tuner and baseline searches through the evaluator, and winners are retrained. A
Gaussian process takes its time, so they are kept in `flat_pool.csv`, which

    python -m tests.simulations.flat pool 300

continues to so many; a test runs some of them again. A simulated study is so many replicates of the pool, drawn
without repeats, judged by the tests of the verdict. Tuners keep their names: one that tries more configurations has the
luckier best score, and no better winner.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from tuning import tuners as registry
from tuning.analysis.conduct import without
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

POOL = Path(__file__).with_name("flat_pool.csv")
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
ONE_ALGORITHM = ("kt-random", "sklearn-randomized")


class Flat(SyntheticProblem):
    """Every configuration is as good as every other; a score is noise that its seed draws."""

    def value(self, configuration: Configuration, epoch: int, seed: int) -> float:
        return 0.8 - 0.3 * 0.5**epoch + float(np.random.default_rng([seed, epoch]).normal(scale=0.01))


def replicate_of(number: int, tuners: Sequence[Tuner] = (*TUNERS, *BASELINES)) -> pd.DataFrame:
    """(num_tuners, 5): a replicate, really run.

    A row for each tuner: ``replicate``, ``tuner``, the ``configurations`` that it tried, the best score ``seen``, and
    ``retrained``, the mean test score of the winner over fresh seeds: the endpoint.
    """
    problem = Flat(continuous_space, name="flat", max_epochs=MAX_EPOCHS)
    rows = [(number, tuner.label, *_cell(problem, tuner, number)) for tuner in tuners]
    return pd.DataFrame(rows, columns=["replicate", "tuner", "configurations", "seen", "retrained"])


def _cell(problem: Flat, tuner: Tuner, replicate: int) -> tuple[int, float, float]:
    budget = Budget(TRAININGS * MAX_EPOCHS).times(tuner.budget_factor)
    done = run_cell(CellTask("flat", problem, tuner, replicate, budget, retrain=SEEDS))
    winner = max((trial for trial in done.trials if trial.state != TrialState.FAILED), key=lambda trial: trial.score)
    same = {trial.trial for trial in done.trials if trial.configuration == winner.configuration}  # continued ones too
    tests = [one.test[problem.objective.test_metric] for one in done.retrainings if one.trial in same]
    return len({str(trial.configuration) for trial in done.trials}), winner.score, float(np.mean(tests))


def extend(replicates: int) -> None:
    """Runs what the pool lacks of so many replicates; each is kept as it ends."""
    there = int(pd.read_csv(POOL)["replicate"].max()) if POOL.exists() else 0
    for number in range(there + 1, replicates + 1):
        replicate_of(number).to_csv(POOL, mode="a", header=number == 1, index=False, float_format="%.8f")


def pool(score: str) -> Floats:
    """(num_replicates, num_tuners + num_baselines): ``seen`` or ``retrained``."""
    frame = pd.read_csv(POOL).pivot(index="replicate", columns="tuner", values=score)
    return frame[[tuner.label for tuner in (*TUNERS, *BASELINES)]].to_numpy()


def family() -> list[tuple[str, str]]:
    return without(list(combinations([tuner.label for tuner in TUNERS], 2)), ONE_ALGORITHM)


def p_values(drawn: Floats) -> tuple[Floats, Floats]:
    """Of the (num_replicates, ...) scores of a study, adjusted: each pair of the family, and each baseline."""
    places = {tuner.label: place for place, tuner in enumerate(TUNERS)}
    searches, runs = drawn[:, : len(places)], drawn[:, len(places) :]
    pairs = holm([rank_sum_p(drawn[:, places[a]], drawn[:, places[b]]) for a, b in family()])
    return pairs, holm([rank_sum_p(run, searches.ravel()) for run in runs.T])


def declared(scores: Floats, replicates: int, studies: int, seed: int = 1) -> tuple[float, float]:
    """Shares of studies that declare some tuner better than another, and the tuners different from some baseline."""
    generator, found = np.random.default_rng(seed), np.zeros(2)
    for _ in range(studies):
        drawn = scores[generator.choice(len(scores), replicates, replace=False)]
        found += [p.min() <= LEVEL for p in p_values(drawn)]
    differ, searching = found / studies
    return float(differ), float(searching)


def main(studies: int) -> None:
    seen, retrained = pool("seen"), pool("retrained")
    tried = pd.read_csv(POOL).groupby("tuner", sort=False)["configurations"].mean()
    print(f"{len(seen)} replicates in the pool, {studies} studies an entry; configurations tried:")
    print(", ".join(f"{tuner} {tries:.1f}" for tuner, tries in tried.items()) + "\n")
    print("| replicates | tuners, by the best score seen | by the retrained winner | baselines, likewise | |")
    print("| --- | --- | --- | --- | --- |")
    for size in (10, 20, 50, 100):
        before, now = declared(seen, size, studies), declared(retrained, size, studies)
        shares = (before[0], now[0], before[1], now[1])
        print(f"| {size} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["pool"]:
        extend(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
