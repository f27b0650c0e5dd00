"""Code as people write it for KerasTuner, in the shapes of its guides. It knows nothing of tuning.

Each `build_...` or class is searched as it is, on the data of the loader named beside it in `SEARCHED`.
"""

import keras
import keras_tuner as kt
import numpy as np
import tensorflow as tf
from keras import layers

rng = np.random.default_rng(7)
FEATURES = rng.normal(5.0, 3.0, (96, 6)).astype("float32")
LABELS = (FEATURES[:, :3].sum(1) > 15).astype("int32")
PARTS = slice(0, 64), slice(64, 80), slice(80, 96)


def arrays():
    return tuple((FEATURES[part], LABELS[part]) for part in PARTS)


def two_inputs():
    return tuple(({"wide": FEATURES[part, :2], "deep": FEATURES[part, 2:]}, LABELS[part]) for part in PARTS)


def pipelines():
    """Shuffled, mapped, batched and prefetched, as in the guides of tf.data."""
    train, validation, test = (tf.data.Dataset.from_tensor_slices((FEATURES[p], LABELS[p])) for p in PARTS)
    train = train.shuffle(64, seed=1).map(lambda x, y: (x / 10.0, y)).batch(16).prefetch(1)
    return train, *(part.map(lambda x, y: (x / 10.0, y)).batch(16) for part in (validation, test))


def build_model(hp):
    """A function; layers in a loop, a hyperparameter each."""
    model = keras.Sequential([layers.Input((6,))])
    for i in range(hp.Int("num_layers", 1, 2)):
        model.add(
            layers.Dense(hp.Int(f"units_{i}", 4, 8, step=4), activation=hp.Choice("activation", ["relu", "tanh"]))
        )
    if hp.Boolean("dropout"):
        model.add(layers.Dropout(0.25))
    model.add(layers.Dense(1, activation="sigmoid"))
    learning_rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(keras.optimizers.Adam(learning_rate), "binary_crossentropy", metrics=["accuracy"])
    return model


class TunedFit(kt.HyperModel):
    """Hyperparameters in `fit`: preprocessing, batch size, shuffling."""

    def build(self, hp):
        model = keras.Sequential([layers.Dense(hp.Int("units", 4, 8), activation="relu"), layers.Dense(1)])
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
        return model

    def fit(self, hp, model, x, y, validation_data=None, **kwargs):
        if hp.Boolean("normalize"):
            normalize = layers.Normalization()
            normalize.adapt(x)
            x = normalize(x)
            validation_data = (normalize(validation_data[0]), validation_data[1])
        return model.fit(
            x,
            y,
            validation_data=validation_data,
            batch_size=hp.Choice("batch_size", [16, 32]),
            shuffle=hp.Boolean("shuffle"),
            **kwargs,
        )


class PassesOn(kt.HyperModel):
    """Takes what it is given, by position and by name; with constructor arguments."""

    def __init__(self, classes, **kwargs):
        super().__init__(**kwargs)
        self.classes = classes

    def build(self, hp):
        model = keras.Sequential([layers.Dense(hp.Int("units", 4, 8)), layers.Dense(self.classes, "softmax")])
        model.compile(hp.Choice("optimizer", ["sgd", "adam"]), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, class_weight={0: 1.0, 1: hp.Float("weight", 0.5, 2.0)}, **kwargs)


passes_on = PassesOn(2, name="passes_on")


class OwnLoop(kt.HyperModel):
    """A training loop written by hand, which calls the callbacks and returns its best loss."""

    def build(self, hp):
        """Not compiled: the loop has an optimizer and a loss of its own."""
        return keras.Sequential([layers.Input((6,)), layers.Dense(hp.Int("units", 4, 8), "relu"), layers.Dense(1)])

    def fit(self, hp, model, x, y, validation_data, callbacks=None, epochs=1, **kwargs):
        batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(hp.Choice("batch_size", [16, 32]))
        optimizer = keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-2, sampling="log"))
        loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
        for callback in callbacks:
            callback.set_model(model)
        best = float("inf")
        for epoch in range(epochs):
            for features, labels in batches:
                with tf.GradientTape() as tape:
                    loss = loss_of(labels[:, None], model(features, training=True))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            validated = float(loss_of(validation_data[1][:, None], model(validation_data[0])))
            best = min(best, validated)
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"my_metric": validated})
        return best


class Share(keras.metrics.Metric):
    """A metric of one's own: how many are said to be positive."""

    def __init__(self, name="share", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.total.assign_add(keras.ops.sum(keras.ops.cast(y_pred > 0.5, "float32")))
        self.count.assign_add(keras.ops.cast(keras.ops.size(y_pred), "float32"))

    def result(self):
        return self.total / self.count


def closeness(y_true, y_pred):
    """A metric that is a function."""
    return 1.0 - keras.ops.mean(keras.ops.abs(keras.ops.cast(y_true, y_pred.dtype) - y_pred))


def with_metrics(hp):
    model = keras.Sequential([layers.Dense(hp.Int("units", 4, 8)), layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=[closeness, Share(), keras.metrics.AUC(name="auc")])
    return model


def wide_and_deep(hp):
    """Functional, with two inputs."""
    wide, deep = keras.Input((2,), name="wide"), keras.Input((4,), name="deep")
    hidden = deep
    for i in range(hp.Int("layers", 1, 2)):
        hidden = layers.Dense(hp.Int(f"units_{i}", 4, 8), activation="relu")(hidden)
    output = layers.Dense(1, activation="sigmoid")(layers.concatenate([wide, hidden]))
    model = keras.Model({"wide": wide, "deep": deep}, output)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


class Net(keras.Model):
    """A subclassed model with a training step of its own, which asks hp in its constructor."""

    def __init__(self, hp):
        super().__init__()
        self.hidden = layers.Dense(hp.Int("units", 4, 8), activation="relu")
        self.normalize = layers.BatchNormalization() if hp.Boolean("batch_norm") else None
        self.out = layers.Dense(1)

    def call(self, inputs, training=False):
        hidden = self.hidden(inputs)
        if self.normalize is not None:
            hidden = self.normalize(hidden, training=training)
        return self.out(hidden)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        self.optimizer.apply_gradients(
            zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables, strict=True)
        )
        return {"loss": loss}


def subclassed(hp):
    model = Net(hp)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


class Conditional(kt.HyperModel):
    """Scopes within scopes, some hyperparameters in a method of its own."""

    def build(self, hp):
        model = keras.Sequential([layers.Input((6,))])
        kind = hp.Choice("kind", ["flat", "deep"])
        with hp.conditional_scope("kind", ["deep"]):
            if kind == "deep":
                for _ in range(hp.Int("depth", 1, 2)):
                    model.add(layers.Dense(4, activation="relu"))
        model.add(layers.Dense(1, activation="sigmoid"))
        model.compile(self.optimizer(hp), "binary_crossentropy", metrics=["accuracy"])
        return model

    def optimizer(self, hp):
        name = hp.Choice("optimizer", ["sgd", "adam"])
        if name == "adam":
            return keras.optimizers.Adam(hp.Float("lr", 1e-4, 1e-2, sampling="log"))
        with hp.conditional_scope("optimizer", ["sgd"]):
            nesterov = hp.Boolean("nesterov")
            momentum = hp.Float("momentum", 0.1, 0.9)
        return keras.optimizers.SGD(hp.Float("lr", 1e-4, 1e-2, sampling="log"), momentum, nesterov=nesterov)


SEARCHED = {
    "build_model": ("arrays", "val_accuracy"),
    "TunedFit": ("arrays", "val_accuracy"),
    "passes_on": ("arrays", "val_loss"),
    "OwnLoop": ("arrays", "my_metric:min"),
    "with_metrics": ("arrays", "val_auc"),
    "wide_and_deep": ("two_inputs", "val_accuracy"),
    "subclassed": ("arrays", "val_loss"),
    "Conditional": ("pipelines", "val_accuracy"),
}
"""What is searched: the data of which loader, for which objective."""
