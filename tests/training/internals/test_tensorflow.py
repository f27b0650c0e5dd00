"""The private parts of TensorFlow are where `tensorflow_internals` looks for them, and do what it says."""

import tensorflow as tf

from tuning.training.internals import tensorflow


def test_a_graph_works_on_other_variables() -> None:
    first, second = tf.Variable(1.0), tf.Variable(2.0)
    function = tf.function(lambda x: x * first).get_concrete_function(tf.TensorSpec([], tf.float32))
    assert [id(handle) for handle in function.captured_inputs] == [id(first.handle)]
    tensorflow.set_variables(function, [second.handle])
    assert float(function(tf.constant(3.0))) == 6.0


def test_custom_gradients_of_graphs_are_registered() -> None:
    @tf.custom_gradient
    def same(x):
        return x, lambda gradient: gradient

    before = set(tensorflow.gradient_registry())
    tf.function(same).get_concrete_function(tf.TensorSpec([], tf.float32))
    added = set(tensorflow.gradient_registry()) - before
    assert [name.startswith("CustomGradient-") for name in added] == [True]
    assert callable(tensorflow.gradient_registry()[added.pop()]["type"])


def test_gradients_of_the_all_reduce_are_forgotten() -> None:
    @tf.function
    def summed(x):
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, x)

    before = set(tensorflow.gradient_registry())
    summed.get_concrete_function(tf.TensorSpec([], tf.float32))
    assert set(tensorflow.gradient_registry()) - before
    tensorflow.forget_all_reduce_gradients()
    assert not set(tensorflow.gradient_registry()) - before
