"""The five searches as tutorials write them, one after another: what `tuning` is compared with.

    python -m tests.benchmarks.five_loops digits

On digits 10-epoch trials, on Fashion MNIST 3-epoch trials; 6 of them for each tuner, and Hyperband's own 120 or 11
epochs. Each loop trains by Keras' `fit` with its defaults, on whatever threads TensorFlow takes.
"""

import json
import sys
import tempfile

import keras
import keras_tuner
import numpy as np
import optuna
from scikeras.wrappers import KerasClassifier
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV

from tests.benchmarks.models import PROBLEMS, make


def main(name: str) -> None:
    problem = PROBLEMS[name]
    (x, y), (x_val, y_val) = problem.data().train, problem.data().validation
    epochs, trials = problem.trial_epochs, problem.trials
    trained, fit_by_keras = [], keras.Model.fit

    def counted(model, *args, **kwargs):
        history = fit_by_keras(model, *args, **kwargs)
        trained.append(len(history.epoch))
        return history

    keras.Model.fit = counted

    def build(hp):
        return make(
            x.shape[1:],
            hp.Int("n_hidden", 1, 3),
            hp.Int("n_neurons", 16, 128),
            hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
        )

    fit = {"epochs": epochs, "validation_data": (x_val, y_val), "verbose": 0}
    limits = {"max_trials": trials, "seed": 42}
    with tempfile.TemporaryDirectory() as folder:
        for kind, arguments in (
            (keras_tuner.RandomSearch, limits),
            (keras_tuner.Hyperband, {"max_epochs": epochs, "factor": 3, "seed": 42}),
            (keras_tuner.BayesianOptimization, limits),
        ):
            tuner = kind(build, objective="val_accuracy", directory=folder, project_name=kind.__name__, **arguments)
            tuner.search(x, y, **fit)

    everything = np.concatenate([x, x_val]), np.concatenate([y, y_val])
    fold = [-1] * len(x) + [0] * len(x_val)
    search = RandomizedSearchCV(
        KerasClassifier(
            lambda n_hidden, n_neurons, learning_rate: make(x.shape[1:], n_hidden, n_neurons, learning_rate),
            epochs=epochs,
            verbose=0,
        ),
        {
            "model__n_hidden": [1, 2, 3],
            "model__n_neurons": list(range(16, 129)),
            "model__learning_rate": np.geomspace(1e-4, 1e-2, 1000).tolist(),
        },
        n_iter=trials,
        cv=PredefinedSplit(fold),
        refit=False,
        random_state=42,
    )
    search.fit(*everything)

    def objective(trial):
        model = make(
            x.shape[1:],
            trial.suggest_int("n_hidden", 1, 3),
            trial.suggest_int("n_neurons", 16, 128),
            trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
        )
        return max(model.fit(x, y, **fit).history["val_accuracy"])

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=42))
    study.optimize(objective, n_trials=trials)
    print(json.dumps({"epochs": sum(trained)}))


if __name__ == "__main__":
    main(sys.argv[1])
