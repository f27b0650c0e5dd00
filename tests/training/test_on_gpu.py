"""What training does otherwise on a GPU, as far as it can be seen without one."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tuning.errors import StudyError
from tuning.process import gpus, keras_settings
from tuning.process.gpus import Gpu
from tuning.process.keras_settings import in_force, set_in_force
from tuning.process.setup import prepare_process
from tuning.runner.worker import check_device
from tuning.training import compiled_epoch
from tuning.training.fit_arguments import bind
from tuning.training.resident import Resident
from tuning.training.session import clear_session

X = np.random.default_rng(1).normal(size=(50, 6)).astype("float32")
Y = np.random.default_rng(2).integers(0, 3, 50)


@pytest.fixture
def on_gpu(monkeypatch):
    monkeypatch.setattr(gpus, "in_use", lambda: True)
    monkeypatch.setattr(gpus, "visible", lambda: (Gpu("GPU-a", "H200", 143771, "9.0", "570.86"),))


def network(**compiled):
    clear_session()  # names count from 1 in every trial
    keras.utils.set_random_seed(3)
    model = keras.Sequential([layers.Input((6,)), layers.Dense(4, activation="tanh"), layers.Dense(3)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], **compiled)
    return model


def arguments(model, **changes):
    given = {"x": X, "y": Y, "batch_size": 16, "epochs": 2, "shuffle": False, "validation_data": (X, Y), "verbose": 0}
    return bind(model, (), {**given, **changes})


def test_data_on_a_gpu_share_no_memory_with_numpy(on_gpu):
    array = X.copy()
    tensor = Resident([array]).tensor(array)
    array[:] = 0
    np.testing.assert_array_equal(tensor, X)


def test_data_over_half_of_a_gpu_are_fed_by_keras(on_gpu, monkeypatch):
    model = network()
    assert compiled_epoch.fallback_reason(model, arguments(model)) == ""
    monkeypatch.setattr(gpus, "memory", lambda: 2 * 2 * (X.nbytes + Y.nbytes) - 1)
    assert compiled_epoch.fallback_reason(model, arguments(model)) == ""  # what is given twice is there once
    said = "data of 3.2e-06 GB, over half of the GPU's memory"
    others = arguments(model, validation_data=(X.copy(), Y.copy()))
    assert compiled_epoch.fallback_reason(model, others) == said
    assert compiled_epoch.fallback_reason(model, arguments(model, validation_data=None)) == ""
    monkeypatch.setattr(gpus, "memory", lambda: 0)  # not known
    assert compiled_epoch.fallback_reason(model, others) == ""


def test_xla_compiles_what_the_user_compiled_so(monkeypatch):
    function, by_xla = tf.function, []
    monkeypatch.setattr(
        tf, "function", lambda *args, **named: by_xla.append(named.get("jit_compile")) or function(*args, **named)
    )
    histories, asked = {}, {}
    for jit in (False, True):
        by_xla.clear()
        model = network(jit_compile=jit)
        resident = Resident([X, Y])
        histories[jit] = compiled_epoch.fit(model, arguments(model), np.arange, resident, "fit 0").history
        asked[jit] = by_xla.count(True)
        again = network(jit_compile=jit)  # by the graph that was kept
        assert compiled_epoch.fit(again, arguments(again), np.arange, resident, "fit 0").history == histories[jit]
        assert resident.traces.traced == 2
    assert asked == {False: 0, True: 2}
    keras_own = network(jit_compile=True).fit(**{**arguments(network()), "x": X, "y": Y}).history
    for name, values in keras_own.items():
        np.testing.assert_allclose(histories[True][name], values, rtol=1e-5)
        np.testing.assert_allclose(histories[False][name], values, rtol=1e-5)


@pytest.mark.parametrize(("limit", "done"), [("0", [("grows", "gpu")]), ("4096", [("limit", "gpu", 4096)])])
def test_a_worker_takes_memory_as_needed_or_its_share(on_gpu, monkeypatch, limit, done):
    monkeypatch.setenv(gpus.LIMIT, limit)
    seen = []
    config = tf.config
    monkeypatch.setattr(config, "get_visible_devices", lambda kind=None: ["gpu"])
    monkeypatch.setattr(config.experimental, "set_memory_growth", lambda gpu, grows: seen.append(("grows", gpu)))
    monkeypatch.setattr(config, "LogicalDeviceConfiguration", lambda memory_limit: SimpleNamespace(mib=memory_limit))
    monkeypatch.setattr(
        config, "set_logical_device_configuration", lambda gpu, parts: seen.append(("limit", gpu, parts[0].mib))
    )
    facts = prepare_process()
    assert seen == done
    assert facts["GPUs"] == ["H200, compute capability 9.0, 140 GiB"]
    assert facts["GPU driver"] == "570.86"


def test_a_worker_that_cannot_use_its_gpu_says_so(monkeypatch):
    check_device()
    monkeypatch.setenv(gpus.LIMIT, "0")
    with pytest.raises(StudyError, match=r"^TensorFlow cannot use the GPU that its worker was given"):
        check_device()


def test_what_a_gpus_bits_depend_on_is_told_to_workers(monkeypatch):
    asked = []
    monkeypatch.setenv(keras_settings.DETERMINISTIC, "0")
    monkeypatch.setattr(tf.config.experimental, "enable_op_determinism", lambda: asked.append(True))
    before = in_force()
    assert not {"TensorFloat-32", "deterministic operations"} & before.described().keys()
    try:
        set_in_force(before._replace(tf32=False, deterministic=True))
        assert in_force() == before._replace(tf32=False, deterministic=True)
        assert asked == [True]
        assert {"TensorFloat-32": False, "deterministic operations": True}.items() <= in_force().described().items()
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(True)
