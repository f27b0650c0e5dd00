"""Which tuner finds the best MLP for Fashion MNIST within 120 epochs, in 100 replicates, without training?

    tuning run studies/fashion_mnist_surrogate.py

Nothing is trained here. The scores are computed from a table of random configurations of `studies/fashion_mnist.py`,
each trained in full once, which is in `reports/fashion_mnist-table` and was made by

    tuning table studies/fashion_mnist.py --configurations 120

So this answers the question for a model of the problem; wherever the answer is shown, it is labelled as such, with the
error of the fit. The gain is certainty about that model: 100 replicates show differences that 5 trained ones cannot.
"""

from pathlib import Path

from tuning import Budget, KTBayesian, OptunaTPE, Study, TableProblem

problem = TableProblem(Path(__file__).parent.parent / "reports" / "fashion_mnist-table")

# As in the trained study: 12 full trainings.
budget = Budget(epochs=120)

# The two that learn from trials begin with four drawn at random. With its default kt-bayesian would draw
# all twelve so, and optuna-tpe ten.
tuners = [
    "kt-random",
    "kt-hyperband",
    KTBayesian(num_initial_points=4),
    "sklearn-randomized",
    OptunaTPE(n_startup_trials=4),
]

# A power of 0.8 for a difference of 0.3 standard deviations in one pair, and of 0.4 while all pairs are open.
replicates = 100

# Screening would double the trials.
baselines = ["default", "random-2x"]

# Each replicate has a table of its own, drawn from these configurations with replacement. Winners are judged by what
# they are worth there without noise.
study = Study("fashion_mnist-surrogate", problem, tuners, budget=budget, replicates=replicates, baselines=baselines)

if __name__ == "__main__":
    study.main()
