"""A cache of compiled epochs, so that a model of a known structure is not traced again.

Tracing a model's steps takes Python 0.2 to 0.4 s, which is most of a trial on small data. A search often returns to a
structure: Hyperband promotes a configuration, a winner is retrained on other seeds, and configurations may differ in a
learning rate alone. Such models differ only in the values of their variables, and a graph takes variables as inputs:
the cached graph is called with the handles of the new model's variables.

It is reused only if it is certain to be the graph that would be traced: a model made of Keras' own layers, losses,
metrics and optimizer with the same configs (compiled with the same arguments), and data of the same shapes but for the
number of samples. Left out of the configs is what only sets the first values of variables: a learning rate, seeds,
initializers. If a config does not tell everything, the model is traced again.
"""

from __future__ import annotations

import json
import warnings
from collections import OrderedDict
from collections.abc import Callable

import keras

from tuning.training.internals.keras import all_layers
from tuning.training.internals.tensorflow import ConcreteFunction, Function, Tensor, set_variables

KEPT = 16
"""Number of graphs, two or three per structure (training, validation, test): enough for a small Hyperband rung."""


class Traces:
    """The most recently used graphs."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[ConcreteFunction, list[int]]] = OrderedDict()
        self.traced = 0

    def function(
        self, model: keras.Model, key: object, trace: Callable[[], Function], *signature: Tensor
    ) -> Function | ConcreteFunction:
        """A compiled function for the model: a cached one, or `trace()`.

        Args:
            model: All its variables must exist.
            key: What the function depends on besides model and signature; JSON-able.
            trace: Returns a `tf.function`.
            signature: Its arguments, as nested structures of `tf.TensorSpec`.
        """
        described = describe(model)
        if described is None:
            self.traced += 1
            return trace()
        name = json.dumps([key, repr(signature), described])
        handles = [variable.handle for variable in _variables(model)]
        if name in self._kept:
            self._kept.move_to_end(name)
            function, places = self._kept[name]
            set_variables(function, [handles[place] for place in places])
            return function
        self.traced += 1
        function = trace().get_concrete_function(*signature)
        place_of = {id(handle): place for place, handle in enumerate(handles)}
        if all(id(handle) in place_of for handle in function.captured_inputs):
            self._kept[name] = function, [place_of[id(handle)] for handle in function.captured_inputs]
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return function


def describe(model: keras.Model) -> str | None:
    """All that the graphs of a model's steps depend on, but for its variables' values; None if that is not known."""
    import tensorflow as tf

    layers = all_layers(model)
    if not all(map(is_of_keras, layers)):
        return None
    if any(
        callable(vars(layer).get("call")) or any(isinstance(value, tf.Tensor) for value in vars(layer).values())
        for layer in layers
    ):
        return None  # such as an adapted Normalization: a graph may hold its numbers
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras warns about saving a lambda, but nothing is saved here
            compiled = model.get_compile_config()
            config = model.get_config()
        optimizer = compiled["optimizer"]["config"]
        if isinstance(optimizer.get("learning_rate"), float):
            del optimizer["learning_rate"]  # a variable, which callbacks may have set
        configs = [type(model).__name__, _without_first_values(config), compiled]
        if not _all_of_keras(configs):
            return None
        variables = [(list(variable.shape), str(variable.dtype)) for variable in _variables(model)]
        return json.dumps([configs, variables, keras.config.floatx(), keras.config.dtype_policy().name])
    except Exception:  # a user's own config may raise anything, and only we asked for it
        return None


def _without_first_values(config: object) -> object:
    """A config without what only sets the first values of variables: initializers, and the seeds of random layers."""
    if isinstance(config, dict):
        return {
            name: _without_first_values(value)
            for name, value in config.items()
            if name != "seed" and not str(name).endswith("_initializer")
        }
    return list(map(_without_first_values, config)) if isinstance(config, list | tuple) else config


def is_of_keras(thing: object) -> bool:
    """Whether the class of a model, a layer or a metric is Keras' own."""
    return type(thing).__module__.startswith("keras.")


def _all_of_keras(config: object) -> bool:
    """Whether every object in a config is Keras' own: a user's object may change and keep its name."""
    if isinstance(config, dict):
        if "class_name" in config and "config" in config and config["class_name"] != "__keras_tensor__":
            module = str(config.get("module"))
            if config.get("registered_name") or module.partition(".")[0] != "keras":
                return False
        return all(map(_all_of_keras, config.values()))
    if isinstance(config, list | tuple):
        return all(map(_all_of_keras, config))
    return not callable(config)


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.variables, *model.optimizer.variables, *model.metrics_variables]
