"""The class of a HyperModel whose constructor wants arguments, and not an object."""

import keras_tuner as kt
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(
    refused=r"Classifier\(\) cannot be made .*'classes'\); give an object, such as model = Classifier\(\.\.\.\)"
)


class Classifier(kt.HyperModel):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes


search = Classifier


def data():
    x = np.zeros((8, 3))
    return (x, x[:, 0]), (x, x[:, 0])
