"""What all studies of the suite share, so that `tuning compare` can read them together: all but the problem.

tuning run studies/suite/*.py
"""

from tuning import Budget, KTBayesian, OptunaTPE, Study

# Full trainings that a search may spend: a coffee break's worth, where tuners differ most. A larger number continues
# from what has run.
FULL_TRAININGS = 10

# Each with its own split of the data, which the tuners of one replicate share.
REPLICATES = 10

# Each tuner is compared with random search, which is twelve pairs. In all 78, ten replicates of one problem could show
# nothing, however large the differences.
REFERENCE = "kt-random"

# Fresh seeds on which each incumbent is trained again. The replicates repeat that enough.
RETRAIN = 1

# The default configuration is every search's first trial, so that no tuner wins or loses by its first draw, and a
# search is never worse than the model as its author wrote it; but for dehb, which cannot begin there.
START = "default"

# Written before anything was run; the report shows it beside what was found.
EXPECTED = """
At 10 full trainings: kt-hyperband, optuna-tpe-hyperband, sklearn-halving, optuna-asha and dehb, which stop trials
early, are better than kt-random where the order of configurations shows early, and worse on diabetes, where early and
late learners cross. kt-bayesian and optuna-tpe are random search here, as good as kt-random; with 4 and 5 random
trials they and smac are a little better. sklearn-randomized and optuna-qmc are as good as kt-random. On average over
problems no tuner is better than kt-random by a whole spread, and most differences are not shown with 10 replicates.
"""

# The five with their libraries' defaults; with those, kt-bayesian and optuna-tpe are random search for the first 10
# trainings or more, so both again with fewer random trials; three more that come with the same libraries: two that
# stop trials early, one that draws evenly; and what the field has added: a random forest, asynchronous halving, and
# evolution with Hyperband. smac and dehb need these packages.
TUNERS = [
    "kt-random",
    "kt-hyperband",
    "kt-bayesian",
    "sklearn-randomized",
    "optuna-tpe",
    KTBayesian(label="kt-bayesian-4", num_initial_points=4),
    OptunaTPE(label="optuna-tpe-5", n_startup_trials=5),
    "optuna-tpe-hyperband",
    "sklearn-halving",
    "optuna-qmc",
    "smac",
    "optuna-asha",
    "dehb",
]

# What a search has to beat: not searching, searching at random for twice as long, and one epoch for many.
BASELINES = ["default", "random-2x", "screening"]


def suite_study(problem, reference_model):
    """The study of one problem of the suite; `reference_model` is a further baseline, of scikit-learn."""
    return Study(
        f"suite-{problem.name}",
        problem,
        TUNERS,
        budget=Budget(epochs=FULL_TRAININGS * problem.max_epochs),
        replicates=REPLICATES,
        baselines=[*BASELINES, reference_model],
        retrain=RETRAIN,
        reference=REFERENCE,
        start=START,
        expected=EXPECTED,
    )
