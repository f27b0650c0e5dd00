"""No validation data: the training loss is the objective."""

import numpy as np

from tests.users_code.holds import Holds
from tests.users_code.small_network import search  # noqa: F401

HOLDS = Holds(names=("units",), objective="loss")


def data():
    x = np.random.default_rng(4).normal(size=(32, 3)).astype("float32")
    return (x, x[:, 0]), None


fit_arguments = {"shuffle": False}
