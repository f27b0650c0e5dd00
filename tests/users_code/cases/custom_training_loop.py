"""KerasTuner's guide on custom training loops: no compile, a GradientTape, callbacks that the loop calls itself."""

import keras
import keras_tuner as kt
import tensorflow as tf

from tests.users_code.holds import Holds
from tests.users_code.small_network import data  # noqa: F401

HOLDS = Holds(names=("batch_size", "learning_rate"), objective="my_metric:min", passes_epochs=False)


class MyHyperModel(kt.HyperModel):
    def build(self, hp):
        inputs = keras.Input((3,))
        return keras.Model(inputs, keras.layers.Dense(1)(inputs))

    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        batch_size = hp.Choice("batch_size", [24, 32])
        train = tf.data.Dataset.from_tensor_slices((x, y)).batch(batch_size)
        held_out = tf.data.Dataset.from_tensor_slices(validation_data).batch(batch_size)
        optimizer = keras.optimizers.SGD(hp.Float("learning_rate", 1e-3, 1e-1, sampling="log"))
        loss_of, mean = keras.losses.MeanSquaredError(), keras.metrics.Mean()

        @tf.function
        def step(features, targets):
            with tf.GradientTape() as tape:
                loss = loss_of(targets, model(features))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

        for callback in callbacks:
            callback.set_model(model)
        best = float("inf")
        for epoch in range(2):
            print(f"Epoch: {epoch}")
            for features, targets in train:
                step(features, targets)
            for features, targets in held_out:
                mean.update_state(loss_of(targets, model(features)))
            loss = float(mean.result().numpy())
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"my_metric": loss})
            mean.reset_state()
            best = min(best, loss)
        return best


search = MyHyperModel()
