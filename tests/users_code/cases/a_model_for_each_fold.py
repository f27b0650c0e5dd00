"""Cross-validation within `fit`: a model for each fold, and the histories of all."""

import numpy as np

from tests.users_code.holds import Holds
from tests.users_code.small_network import SmallNetwork, data  # noqa: F401

HOLDS = Holds(names=("units",), budget=6)  # a trial is three folds of two epochs


class CrossValidated(SmallNetwork):
    def fit(self, hp, model, x, y, validation_data=None, **kwargs):
        histories = []
        for fold in range(3):
            held_out = np.arange(len(x)) % 3 == fold
            model = self.build(hp)
            validation = (x[held_out], y[held_out])
            histories.append(model.fit(x[~held_out], y[~held_out], validation_data=validation, **kwargs))
        return histories


search = CrossValidated()
fit_arguments = {"shuffle": False}
