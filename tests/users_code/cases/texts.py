"""Sentences as strings, and a `TextVectorization` adapted where the model is built."""

import keras
import numpy as np

from tests.users_code.holds import Holds

HOLDS = Holds(names=("words", "units"))
TEXTS = np.array(
    [f"{a} {b}" for a in ("a good", "a bad", "no great", "some") for b in ("film", "day out", "book", "idea")]
)
LABELS = np.array([float("good" in text or "great" in text) for text in TEXTS])


def search(hp):
    vectorize = keras.layers.TextVectorization(hp.Int("words", 8, 16), output_mode="multi_hot", pad_to_max_tokens=True)
    vectorize.adapt(TEXTS[:12])
    model = keras.Sequential(
        [keras.Input((), dtype="string"), vectorize, keras.layers.Dense(hp.Int("units", 2, 3)), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model


def data():
    texts = TEXTS.astype(object)
    return (texts[:12], LABELS[:12]), (texts[12:], LABELS[12:])
