"""The limit: the same network trained without Keras, an epoch in one compiled loop, on one thread.

What remains between this and `tuning` is what Keras' own `train_step` does beside the arithmetic: metrics, a loss for
any reduction and weight, an optimizer for any variable. It keeps no promise of `model.fit`.
"""

import itertools
import math
import time

import numpy as np

from tests.benchmarks.models import PROBLEMS

BATCH, RATE = 32, 0.01


def by_raw_loop(name: str, epochs: int) -> list[list[float]]:
    """The ends of the epochs of three trainings, the first entry of each being its begin."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    problem = PROBLEMS[name]
    splits = problem.data()
    (x, y), (x_val, y_val) = (
        (tf.constant(part[0].reshape(len(part[0]), -1)), tf.constant(part[1], tf.int32))
        for part in (splits.train, splits.validation)
    )

    def train() -> list[float]:
        ends = [time.perf_counter()]
        widths = [int(x.shape[1]), *problem.layers, 10]
        weights = [
            (tf.Variable(tf.random.normal(pair) / math.sqrt(pair[0])), tf.Variable(tf.zeros(pair[1])))
            for pair in itertools.pairwise(widths)
        ]
        variables = [variable for pair in weights for variable in pair]

        def logits(inputs):
            for kernel, bias in weights[:-1]:
                inputs = tf.nn.relu(inputs @ kernel + bias)
            return inputs @ weights[-1][0] + weights[-1][1]

        @tf.function
        def epoch(order):
            for start in tf.range(0, len(x), BATCH):
                rows = order[start : start + BATCH]
                with tf.GradientTape() as tape:
                    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                        tf.gather(y, rows), logits(tf.gather(x, rows))
                    )
                    loss = tf.reduce_mean(losses)
                for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
                    variable.assign_sub(RATE * gradient)
            hits = tf.argmax(logits(x_val), axis=1, output_type=tf.int32) == y_val
            return tf.reduce_mean(tf.cast(hits, tf.float32))

        draw = np.random.default_rng(1)
        for _ in range(epochs):
            float(epoch(tf.constant(draw.permutation(len(x)), tf.int32)))
            ends.append(time.perf_counter())
        return ends

    return [train() for _ in range(3)]
