"""Which tuner, where many configurations are good: an MLP for handwritten digits, with 6 hyperparameters.

    tuning run studies/suite/digits_mlp.py

What makes it hard: nothing but the budget. Ten classes of equal size, little noise, and a wide region of good
configurations, so the question is how soon a tuner finds it. The rate of dropout exists only with dropout.

Cost: 13 tuners and 3 baselines x 10 replicates x 200 epochs of 1,077 pictures (random-2x: 400); a full training takes
about 1 s of one core. The data come with scikit-learn.

Reference: scikit-learn's support vector classifier is right for 98.7 % of the test digits (10 splits),
the default configuration for 97 % (one split).
"""

import keras
from sklearn.svm import SVC
from suite_settings import suite_study

from tuning import Holdout, Objective, Problem, SklearnBaseline, datasets

# Good configurations have settled by then.
max_epochs = 20
objective = Objective("val_accuracy", "max")
resampling = Holdout(validation=0.2, test=0.2)


def build_model(hp):
    """64 pixels, 1 to 3 equal layers, perhaps dropout, a softmax of 10."""
    model = keras.Sequential([keras.Input((64,))])
    n_neurons = hp.Choice("n_neurons", [16, 32, 64, 128, 256], default=64)
    activation = hp.Choice("activation", ["relu", "elu", "tanh"])
    dropout = hp.Boolean("dropout")
    rate = 0.0
    with hp.conditional_scope("dropout", [True]):
        if dropout:
            rate = hp.Float("dropout_rate", 0.1, 0.5, step=0.1)
    for _ in range(hp.Int("n_layers", 1, 3, default=2)):
        model.add(keras.layers.Dense(n_neurons, activation=activation))
        if rate:
            model.add(keras.layers.Dropout(rate))
    model.add(keras.layers.Dense(10, activation="softmax"))
    # Three decades: at either end a full training is too short, or diverges.
    learning_rate = hp.Float("learning_rate", 1e-4, 1e-1, sampling="log", default=1e-3)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


problem = Problem(build_model, datasets.digits, objective, max_epochs, name="digits-mlp", resampling=resampling)
study = suite_study(problem, SklearnBaseline("sklearn-svc", SVC()))

if __name__ == "__main__":
    study.main()
