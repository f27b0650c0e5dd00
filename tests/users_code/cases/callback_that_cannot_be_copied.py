"""A callback that holds a lock, which cannot be copied for each trial; KerasTuner ends the search with an error."""

import threading

import keras

from tests.users_code.holds import Holds
from tests.users_code.small_network import data, search  # noqa: F401

HOLDS = Holds(refused="the callbacks cannot be copied for each trial .*; give a function that returns new ones")


class Locked(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


callbacks = [Locked()]
