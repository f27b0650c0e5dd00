"""A whole epoch in one compiled call, instead of Keras' own `fit`.

On small models `model.fit` spends most of its time between the steps; on small data, its work around an epoch takes
as long as all steps of that epoch. So here an epoch is one call of a `tf.function` that loops over shuffled batches
with Keras' own `train_step`. `_epochs` handles callbacks, validation, metrics and `stop_training` as Keras' own loop
does, hook by hook.

The caller gives the order of samples, one permutation per epoch, so that a continued training keeps the order it would
have had. If a fit needs something that one call per epoch cannot reproduce, `fallback_reason` says why; then Keras'
own loop runs over the same batches in the same order (`OrderedBatches`).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import keras
import numpy as np
from numpy.typing import NDArray

from tuning.arrays import RowsOf, read
from tuning.batches import is_dataset
from tuning.process.keras_settings import caps
from tuning.training.fit_arguments import Arguments, Data, is_arrays, normalise
from tuning.training.graph_cache import Traces, is_of_keras
from tuning.training.internals import keras as keras_internals
from tuning.training.internals.tensorflow import Function, Tensor
from tuning.training.resident import Resident, too_large

Logs = dict[str, Tensor]
WholeEpoch: TypeAlias = Callable[..., Logs]
Order = Callable[[int], np.ndarray]
"""`order(size)` gives the permutation of the next epoch, shape ``(size,)``."""

BATCH_HOOKS = (
    "on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end",
    "on_test_batch_begin", "on_test_batch_end",
)  # fmt: skip


def fallback_reason(model: keras.Model, arguments: Arguments) -> str:
    """Why a fit with these arguments cannot run as one call per epoch, in a few words; empty if it can."""
    if keras.backend.backend() != "tensorflow":
        return f"the {keras.backend.backend()} backend"
    if not model.compiled:
        return "no compile"
    for name in ("fit", "evaluate", "make_train_function", "make_test_function"):
        if not _is_standard(model, name, of_type=True):
            return f"{type(model).__name__} has a {name} of its own"
    if not _is_default_strategy(model):
        return "a distribution strategy"
    if not is_arrays((arguments["x"], arguments["y"], arguments["sample_weight"])):
        return f"data of type {type(arguments['x']).__name__}"
    if model.run_eagerly:
        return "run_eagerly=True"
    if arguments["steps_per_epoch"] is not None or arguments["validation_steps"] is not None:
        return "steps_per_epoch or validation_steps"
    validation = arguments["validation_data"]
    if not is_arrays(validation) and not is_dataset(validation):
        return f"validation data of type {type(validation).__name__}"
    if any(caps()):
        return "set_max_epochs or set_max_steps_per_epoch"
    if arguments["shuffle"] not in (True, False):
        return f"shuffle={arguments['shuffle']!r}"
    if isinstance(arguments["callbacks"], keras.callbacks.CallbackList):
        return "a CallbackList"
    for callback in keras.tree.flatten(arguments["callbacks"] or ()):
        if _works_on_batches(callback):
            return f"{type(callback).__name__} works on batches"
    return too_large(arguments["x"], arguments["y"], arguments["sample_weight"], validation)


def fit(
    model: keras.Model, arguments: Arguments, order: Order, resident: Resident, cached_as: str | None = None
) -> keras.callbacks.History:
    """`keras.Model.fit(model, **arguments)`, one call per epoch; only valid if `fallback_reason` is empty.

    Args:
        arguments: Those of `keras.Model.fit`, complete, without `self`.
        order: Gives each epoch's permutation; not called if ``shuffle=False``.
        resident: What all trials of a problem share: tensors of its data, and its graphs.
        cached_as: Which fit of its trial this is; without it, its graphs are not cached for the next such model.
    """
    import tensorflow as tf

    arguments = normalise(arguments)
    batch_size, validation = arguments["batch_size"], arguments["validation_data"]
    data, chosen = _element(arguments["x"], arguments["y"], arguments["sample_weight"], resident)
    size = len(chosen)
    _make_variables(model, _rows(data, min(batch_size, size)))
    callbacks = keras.callbacks.CallbackList(
        arguments["callbacks"],
        add_history=True,
        model=model,
        verbose=0,
        epochs=arguments["epochs"],
        steps=-(-size // batch_size),
    )
    whole_epoch = functools.partial(_whole_epoch, model, resident.traces, cached_as)
    train_epoch = whole_epoch("train_step", batch_size, data)

    def train() -> Logs:
        rows = chosen[order(size)] if arguments["shuffle"] else chosen
        if model.stop_training:  # set when the epoch began: Keras' loop ends after its first batch
            rows = rows[:batch_size]
        logs: Logs = train_epoch(data, tf.constant(rows, tf.int32))
        return logs

    if validation is None:
        return _epochs(model, arguments, callbacks, train, None)
    if is_dataset(validation):
        evaluate = functools.partial(model.evaluate, validation, callbacks=callbacks, return_dict=True)
        return _epochs(model, arguments, callbacks, train, evaluate)
    x, y, weight = validation
    held_out, rows = _element(x, y, weight, resident)
    test_epoch = whole_epoch("test_step", arguments["validation_batch_size"], held_out)
    test = functools.partial(test_epoch, held_out, tf.constant(rows))
    resets = not _keeps_metrics(model, "test_step")
    return _epochs(model, arguments, callbacks, train, functools.partial(_evaluate, model, callbacks, test, resets))


def _epochs(
    model: keras.Model,
    arguments: Arguments,
    callbacks: keras.callbacks.CallbackList,
    train: Callable[[], Logs],
    validate: Callable[[], Logs] | None,
) -> keras.callbacks.History:
    """The epochs of `keras.Model.fit`: all that it does with a model and its callbacks, in the same order."""
    model.stop_training = False
    callbacks.on_train_begin()
    logs: Logs | None = None
    resets = not _keeps_metrics(model, "train_step") or any(map(_may_look_at_metrics, callbacks.callbacks))
    first_epoch = keras_internals.first_epoch(model, arguments["initial_epoch"])
    for epoch in range(first_epoch, arguments["epochs"]):
        if resets:
            model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        logs = {**train()}
        if validate is not None and keras_internals.is_validated(model, epoch, arguments["validation_freq"]):
            logs.update({f"val_{name}": value for name, value in validate().items()})
        callbacks.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    if isinstance(model.optimizer, keras.optimizers.Optimizer) and arguments["epochs"] > 0:
        model.optimizer.finalize_variable_values(model.trainable_weights)
    callbacks.on_train_end(logs=logs)
    history: keras.callbacks.History = model.history
    return history


def evaluate(
    model: keras.Model, data: Sequence[Data], batch_size: int, resident: Resident, cached_as: str | None = None
) -> Logs:
    """`model.evaluate(*data)` of a model that `fit` has trained, in one call.

    Args:
        data: ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``, arrays.
        batch_size: As of `keras.Model.evaluate`.
        resident: As of `fit`.
        cached_as: As of `fit`.
    """
    import tensorflow as tf

    x, y, weight = (*data, None, None)[:3]
    held_out, rows = _element(x, y, weight, resident)
    test_epoch = _whole_epoch(model, resident.traces, cached_as, "test_step", batch_size, held_out)
    if not _keeps_metrics(model, "test_step"):
        model.reset_metrics()
    return keras_internals.plain_logs(test_epoch(held_out, tf.constant(rows)))


def _evaluate(
    model: keras.Model, callbacks: keras.callbacks.CallbackList, test: Callable[[], Logs], resets: bool
) -> Logs:
    """What `keras.Model.evaluate` does within a fit, in the same order."""
    model.stop_evaluating = False
    callbacks.on_test_begin()
    if resets:
        model.reset_metrics()
    logs = keras_internals.plain_logs(test())
    callbacks.on_test_end(logs)
    return logs


def _whole_epoch(
    model: keras.Model, traces: Traces, cached_as: str | None, step_name: str, batch_size: int, example: Data
) -> WholeEpoch:
    """A compiled function ``(data, order) -> logs`` that calls a step of the model on each batch.

    Keras' own steps collect their logs in metrics, which are read once at the end. A user's own step may return
    anything; then the last batch's logs count, as in Keras' own loop, and that batch is traced separately.
    """
    import tensorflow as tf

    step = getattr(model, step_name)
    if model.jit_compile:  # as the model was compiled; Keras' default is XLA on a GPU
        step = tf.function(step, reduce_retracing=True, jit_compile=True, autograph=False)
    standard = _is_standard(model, step_name) and _is_standard(model, "compute_metrics")
    keeps_metrics = _keeps_metrics(model, step_name)

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def epoch(data: Data, order: Tensor) -> Data:
        if keeps_metrics:
            model.reset_metrics()
        size = tf.shape(order)[0]
        last = size if standard else (size - 1) // batch_size * batch_size

        def batch(start: Tensor) -> Data:
            rows = order[start : start + batch_size]
            return keras.tree.map_structure(lambda tensor: tf.gather(tensor, rows), data)

        def body(start: Tensor) -> tuple[Tensor]:
            with keras_internals.unread_metrics(model) if keeps_metrics else contextlib.nullcontext():
                step(batch(start))
            return (start + batch_size,)

        tf.while_loop(lambda start: start < last, body, (tf.constant(0),))
        return model.get_metrics_result() if standard else step(batch(last))

    compiled: Function = tf.function(epoch, reduce_retracing=True)
    if not standard:
        return lambda *data: keras_internals.logs_of_step(model, compiled(*data))
    if cached_as is None or not _is_standard(model, "compute_loss"):
        return compiled

    @functools.cache  # at its first call: callbacks may change the model as training begins
    def function() -> WholeEpoch:
        # Of any number of samples: folds may differ by one.
        signature = keras.tree.map_structure(
            lambda tensor: tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype), example
        )
        key = [cached_as, step_name, batch_size]
        return traces.function(model, key, lambda: compiled, signature, tf.TensorSpec([None], tf.int32))

    return lambda *data: function()(*data)


def _keeps_metrics(model: keras.Model, step_name: str) -> bool:
    """Whether a compiled epoch of these steps resets the metrics itself, and computes their results only at its end.

    A reset from Python takes longer than the steps of an epoch on small data: without this and `_made_by_shapes`, an
    epoch on digits takes 24 % more CPU time and a trial of ten epochs 15 % (medians of four pairs, keras 3.15). A
    user's own metric may do anything when it is reset or read, and a graph would do that only once, during tracing.
    """
    names = (step_name, "compute_metrics", "reset_metrics", "get_metrics_result")
    if not all(_is_standard(model, name) for name in names):
        return False
    metrics = [*model.metrics, *getattr(keras_internals.compiled_metrics(model), "metrics", ())]
    return all(map(is_of_keras, metrics))


def _may_look_at_metrics(callback: keras.callbacks.Callback) -> bool:
    """Whether a user's callback runs between the reset and the epoch; Keras' and ours do not read metrics there."""
    module = str(getattr(callback.on_epoch_begin, "__module__", ""))
    return _is_overridden(callback, "on_epoch_begin") and not module.startswith(("keras.", "tuning."))


def _make_variables(model: keras.Model, batch: Data) -> None:
    """Builds layers, optimizer and metrics, so that the epoch's function is traced only once.

    `tf.function` traces a second time if the first call created variables, and metrics create theirs at first use.
    Done only if everything is Keras' own: the user's code must run only when it would run anyway. The scope discards
    what the call changes, such as the state of a recurrent or a random layer.
    """
    if not all(_is_standard(model, name) for name in ("train_step", "compute_loss", "compute_metrics")):
        return
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(batch)
    if not _made_by_shapes(model, y):
        with keras.StatelessScope():
            y_pred = model(x, training=False)
            model.compute_metrics(x, y, y_pred, sample_weight)
        # Regularizers cannot be evaluated inside the scope.
        model.compute_loss(x, y, y_pred, sample_weight, training=False)
        model.reset_metrics()
    if model.optimizer is not None and not model.optimizer.built:  # a second build doubles a LossScaleOptimizer's state
        model.optimizer.build(model.trainable_variables)


def _made_by_shapes(model: keras.Model, y: Data) -> bool:
    """Builds the metrics of a common model without a batch, in a tenth of the time; returns whether that was enough.

    A functional model has its layers' variables already; a loss of one output creates none; and a metric that is a
    mean creates its own in its constructor.
    """
    output = keras_internals.symbolic_output(model)
    if output is None or y is None or keras.tree.is_nested(output) or keras.tree.is_nested(y):
        return False
    if None in output.shape[1:] or not is_of_keras(model):
        return False
    metrics = keras_internals.compiled_metrics(model)
    if metrics is None:
        return True
    if not metrics.built:
        metrics.build(y, keras.ops.zeros((len(y), *output.shape[1:]), output.dtype))
    return all(
        isinstance(metric, keras.metrics.MeanMetricWrapper) and is_of_keras(metric) for metric in metrics.metrics
    )


def _is_standard(model: keras.Model, name: str, of_type: bool = False) -> bool:
    """Whether a method is Keras' own, not overridden by a subclass or on the model itself."""
    method = getattr(type(model), name) if of_type else getattr(getattr(model, name), "__func__", None)
    return method is getattr(keras.Model, name)


def _is_default_strategy(model: keras.Model) -> bool:
    import tensorflow as tf

    return not tf.distribute.has_strategy() and model.distribute_strategy is tf.distribute.get_strategy()


def _element(x: Data, y: Data, sample_weight: Data, resident: Resident) -> tuple[Data, NDArray[np.int32]]:
    """The data as one element of a data set, and which of its rows count: some of them where a split shares them.

    Lists become tuples, for `tf.data` would stack lists.
    """
    parts = [x, y, sample_weight]
    leaves = [leaf for part in parts if part is not None for leaf in keras.tree.flatten(part)]
    rows = getattr(leaves[0], "rows", None)
    if rows is None or any(getattr(leaf, "rows", None) is not rows for leaf in leaves):
        parts, rows = read(parts), np.arange(len(leaves[0]))  # class weights, for instance, are of a part alone
    tensors = (None if part is None else _tensors(part, resident) for part in parts)
    return keras.utils.pack_x_y_sample_weight(*tensors), rows.astype(np.int32)


def _tensors(part: Data, resident: Resident) -> Data:
    if isinstance(part, Mapping):
        return {name: _tensors(value, resident) for name, value in part.items()}
    if isinstance(part, tuple | list):
        return tuple(_tensors(value, resident) for value in part)
    return resident.tensor(part.array if isinstance(part, RowsOf) else part)


def _rows(part: Data, count: int) -> Data:
    return keras.tree.map_structure(lambda tensor: tensor[:count], part)


def _works_on_batches(callback: keras.callbacks.Callback) -> bool:
    """Whether a callback acts on batches. For Keras' own that do so only on request, their settings are checked."""
    hooks = [hook for hook in BATCH_HOOKS if _is_overridden(callback, hook)]
    if any(not _hook_is_of_keras(callback, hook) for hook in hooks):
        return True
    if isinstance(callback, keras.callbacks.ModelCheckpoint | keras.callbacks.BackupAndRestore):
        return bool(callback.save_freq != "epoch")
    if isinstance(callback, keras.callbacks.TensorBoard):
        by_request = callback.update_freq != "epoch" or bool(callback.write_steps_per_second)
        return by_request or keras_internals.profiles_batches(callback)
    return bool(hooks) and not isinstance(callback, keras.callbacks.ProgbarLogger)


def _is_overridden(callback: keras.callbacks.Callback, hook: str) -> bool:
    function = getattr(getattr(callback, hook, None), "__func__", None)
    return function is not getattr(keras.callbacks.Callback, hook)


def _hook_is_of_keras(callback: keras.callbacks.Callback, hook: str) -> bool:
    return bool(getattr(getattr(callback, hook), "__module__", "").startswith("keras."))
