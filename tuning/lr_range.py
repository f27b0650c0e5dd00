"""The learning-rate range test: which rates are worth a place in a search space.

One epoch is trained while the rate grows exponentially from batch to batch. A rate that is too small changes nothing,
a good one lets the loss fall, one that is too large lets it climb: a search space should end below it. Source: Smith,
Cyclical learning rates for training neural networks, arXiv:1506.01186, 2017, section 3.3.

The losses of single batches are noisy. As in fastai, they are smoothed by an exponential moving average (weight 0.98 on
the past, corrected for its start at zero); the test ends when that is four times its lowest value so far. The mean
lags behind the batches, so a bound is a tenth of the rate where the mean turns: fastai's rule for the minimum.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import altair as alt
import keras
import keras_tuner
import numpy as np
import pandas as pd

from tuning import seeds
from tuning.batches import in_batches, is_dataset, is_endless
from tuning.errors import SpaceError, StudyError
from tuning.report.figures import base
from tuning.splits import Part, Splits, described_by, load_splits
from tuning.text import error_line
from tuning.training import fit_arguments, keras_loop, recipe
from tuning.training import state as states

SMOOTHING = 0.98
CLIMB = 4.0  # times the lowest smoothed loss ends the test
BEGUN = 0.1  # of its whole fall: from here on, the loss counts as falling
LAG = 10.0  # divides the rate at which the smoothed loss turns
MIN_BATCHES = 100  # as many as fastai trains; with fewer the mean lags over decades


@dataclass(frozen=True)
class LearningRates:
    """What a learning-rate range test found.

    Attributes:
        table: A row per batch, in training order: ``rate``, ``loss`` (of only that batch; NaN or infinite where it
            diverged) and ``smoothed`` (NaN there).
        lower: Where the loss begins to fall: a tenth of the last rate at which the smoothed loss has done less than a
            tenth of its whole fall. None if it never falls.
        upper: Below the point where the loss climbs: a tenth of the rate at which the smoothed loss is lowest. None
            if it never falls.
        note: What to know of the bounds, in a sentence; may be empty.
    """

    table: pd.DataFrame
    lower: float | None
    upper: float | None
    note: str = ""

    @property
    def suggestion(self) -> str:
        """The bounds as a line for `build_model(hp)`, rounded down to one digit; empty if there are none."""
        if self.lower is None or self.upper is None:
            return ""
        return f'hp.Float("learning_rate", {_one_digit(self.lower)}, {_one_digit(self.upper)}, sampling="log")'

    @cached_property
    def figure(self) -> alt.LayerChart:
        """Loss against rate, on a logarithmic axis, with the suggested bounds."""
        shown = self.table.dropna(subset=["smoothed"])
        rows = base.values(shown[np.isfinite(shown["loss"])])
        rate = alt.X(field="rate", type="quantitative", title="learning rate", scale=alt.Scale(type="log"))
        # Single batches may be far above: the axis fits the smoothed curve.
        low, high = float(self.table["smoothed"].min()), float(self.table["smoothed"].iloc[0])
        top = high + 0.5 * (high - low) if high > low else None
        scale = alt.Scale(zero=False, clamp=True) if top is None else alt.Scale(domainMax=top, zero=False, clamp=True)
        axis = partial(alt.Y, type="quantitative", title="loss", scale=scale)
        layers: list[alt.Chart] = [
            alt.Chart(rows).mark_point(size=14, opacity=0.7, color="#999999").encode(x=rate, y=axis(field="loss")),
            alt.Chart(rows).mark_line(color=base.PALETTE[0], strokeWidth=3).encode(x=rate, y=axis(field="smoothed")),
        ]
        if self.lower is not None and self.upper is not None:
            bounds = base.inline([{"rate": self.lower}, {"rate": self.upper}])
            layers.append(alt.Chart(bounds).mark_rule(color=base.PALETTE[4], strokeDash=[6, 3]).encode(x=rate))
        return base.finished(alt.layer(*layers), self.description, 300)

    @property
    def description(self) -> str:
        """The figure's text alternative."""
        rates = self.table["rate"]
        words = f"Training loss of {len(rates)} batches at rates from {rates.iloc[0]:.1g} to {rates.iloc[-1]:.1g}. "
        if self.lower is not None and self.upper is not None:
            words += f"Suggested bounds: {self.lower:.2g} and {self.upper:.2g}. "
        return (words + self.note).strip()

    def save(self, path: str | Path) -> Path:
        """Writes the figure (``.svg``, or ``.html``, which needs no network) or the table (``.csv``).

        Raises:
            StudyError: Another suffix.
        """
        path = Path(path)
        match path.suffix:
            case ".svg":
                path.write_text(base.svg(self.figure, self.description), encoding="utf-8")
            case ".html":
                self.figure.save(path, inline=True)
            case ".csv":
                self.table.to_csv(path, index=False)
            case _:
                raise StudyError(f"{path}: a learning-rate range test is saved as .svg, .html or .csv")
        return path


def lr_range_test(
    build: object,
    data: Part | Callable[[], object],
    *,
    min_rate: float = 1e-6,
    max_rate: float = 10.0,
    epochs: int = 1,
    batch_size: int = 32,
    seed: int = 1,
) -> LearningRates:
    """Trains while the learning rate grows exponentially from batch to batch; see the module.

    Args:
        build: `build_model(hp)` or a `kt.HyperModel`, which builds a fresh model at the defaults; or a compiled
            model, whose weights, optimizer and learning rate are restored after the test. A custom `HyperModel.fit`
            is not called: the test trains single batches.
        data: A problem's `data` function, whose training split is used, or a training part: ``(x, y)``,
            ``(x, y, sample_weight)`` or a batched `tf.data.Dataset`.
        min_rate: Of the first batch.
        max_rate: Of the last batch, unless the loss climbs too far before.
        epochs: Several if one has too few batches.
        batch_size: Of arrays.
        seed: Of initial weights (of a fresh model) and the order of samples.

    Raises:
        StudyError: The rates are not in order, there are fewer than `MIN_BATCHES` batches, the learning rate is a
            schedule, or the model cannot be trained.
        DataError, SpaceError: Loading the data or building the model fails.
    """
    if not 0 < min_rate < max_rate:
        raise StudyError(f"lr_range_test(min_rate={min_rate}, max_rate={max_rate}): expected 0 < min_rate < max_rate")
    part = load_splits(data).train if callable(data) else data
    train = load_splits(lambda: Splits(part, part)).train
    if is_endless(train) or (in_batches(train) and not is_dataset(train)) or len(described_by(train)) == 1:
        raise StudyError("the test trains on (x, y), (x, y, sample_weight), or a tf.data.Dataset of these that ends")
    batches = epochs * _batches(train, batch_size)
    if batches < MIN_BATCHES:
        raise StudyError(
            f"the test would train {batches} batches; expected {MIN_BATCHES} or more: raise epochs, or lower batch_size"
        )
    model = build if isinstance(build, keras.Model) else _fresh(build, seed)
    if not model.compiled or model.optimizer is None:
        raise StudyError("the model is not compiled; the test trains it: call model.compile(...) first")
    try:
        model.optimizer.learning_rate = model.optimizer.learning_rate
    except TypeError:
        raise StudyError(
            "the optimizer's learning rate is a schedule, which would undo the test's; compile with a plain number"
        ) from None
    sweep = _Sweep(np.geomspace(min_rate, max_rate, batches))
    with _restored(model, train):
        try:
            sweep.run(model, _in_order(train, batch_size, seed))
        except StudyError:
            raise
        except Exception as error:
            raise StudyError(f"the model cannot be trained: {error_line(error)}") from error
    return sweep.found()


class _Sweep:
    """One training whose rate grows from batch to batch."""

    def __init__(self, rates: np.ndarray) -> None:
        self.rates = rates
        self.losses: list[float] = []
        self.smoothed: list[float] = []

    def run(self, model: keras.Model, batches: Iterator[Part]) -> None:
        mean, lowest = 0.0, math.inf
        for step, rate in enumerate(self.rates, start=1):
            x, y, weight = keras.utils.unpack_x_y_sample_weight(next(batches))
            model.optimizer.learning_rate = float(rate)
            model.reset_metrics()  # else the loss would be the mean of all batches
            logs = model.train_on_batch(x, y, weight, return_dict=True)
            if "loss" not in logs:
                raise StudyError(f"the model's train_step reports no 'loss'; it reports {', '.join(logs) or 'nothing'}")
            loss = float(np.asarray(logs["loss"]))
            self.losses.append(loss)
            if not math.isfinite(loss):
                return
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
            self.smoothed.append(mean / (1 - SMOOTHING**step))
            lowest = min(lowest, self.smoothed[-1])
            if self.smoothed[-1] > lowest + (CLIMB - 1) * abs(lowest):
                return

    def found(self) -> LearningRates:
        smoothed = np.full(len(self.losses), math.nan)
        smoothed[: len(self.smoothed)] = self.smoothed
        table = pd.DataFrame({"rate": self.rates[: len(self.losses)], "loss": self.losses, "smoothed": smoothed})
        if not self.smoothed:
            return LearningRates(table, None, None, "The loss is not finite from the first batch on: no rate will do.")
        lowest = int(np.argmin(self.smoothed))
        start = self.smoothed[min(len(self.rates) // 10, lowest)]  # single batches no longer sway the mean
        fall = start - self.smoothed[lowest]
        upper = float(self.rates[lowest] / LAG)
        if fall <= 0 or upper <= self.rates[0]:
            return LearningRates(table, None, None, "The loss never falls: try a lower min_rate, or mend the model.")
        flat = np.flatnonzero(np.asarray(self.smoothed[:lowest]) > start - BEGUN * fall)
        lower = max(float(self.rates[flat[-1]] / LAG), float(self.rates[0]))
        note = ""
        if lowest == len(self.rates) - 1:
            note = f"The loss falls up to the highest rate, {self.rates[-1]:g}; a higher max_rate may show its climb."
        elif len(self.losses) < len(self.rates):
            how = "is not finite" if len(self.smoothed) < len(self.losses) else "has climbed too far"
            note = f"The test ended at {table['rate'].iloc[-1]:.2g}, where the loss {how}."
        return LearningRates(table, min(lower, upper), upper, note)


def _fresh(build: object, seed: int) -> keras.Model:
    """A model at the defaults."""
    keras.utils.set_random_seed(seed)
    hypermodel = recipe.hypermodel_of(build)
    try:
        return recipe.build(recipe.Recipe(hypermodel, Splits((), ())), keras_tuner.HyperParameters())
    except SpaceError:
        raise
    except Exception as error:
        raise SpaceError(f"the model cannot be built at its default values: {error_line(error)}") from error


def _batches(train: Part, batch_size: int) -> int:
    """How many batches one epoch has; a Dataset of unknown length is read through once."""
    if not is_dataset(train):
        return -(-fit_arguments.size_of(train) // batch_size)
    known = int(train.cardinality())
    return known if known >= 0 else sum(1 for _ in train)


def _in_order(train: Part, batch_size: int, seed: int) -> Iterator[Part]:
    """Endless batches, epoch by epoch, in the order of a trial with this seed."""
    for epoch in itertools.count():
        if is_dataset(train):
            yield from (keras.tree.map_structure(np.asarray, batch) for batch in train)
            continue
        x, y, weight = (*train, None)[:3]
        batches = keras_loop.OrderedBatches(x, y, weight, batch_size, partial(seeds.order_of_epoch, seed, epoch))
        batches.on_epoch_begin()
        yield from (batches[place] for place in range(len(batches)))


@contextmanager
def _restored(model: keras.Model, train: Part) -> Iterator[None]:
    """Restores weights, optimizer and learning rate after the test; a model that it had to build stays built."""
    x, _, _ = keras.utils.unpack_x_y_sample_weight(next(_in_order(train, 1, 1)))
    if not model.built:
        model(x, training=False)
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    state, steps = states.read_state(model), model.steps_per_execution
    model.steps_per_execution, model.train_function = 1, None
    try:
        yield
    finally:
        model.steps_per_execution, model.train_function = steps, None
        states.write_state(model, state)
        model.reset_metrics()


def _one_digit(rate: float) -> str:
    """``1e-4`` for 0.000123: one digit, rounded down."""
    power = math.floor(math.log10(rate))
    return f"{math.floor(rate / 10**power + 1e-9)}e{power}"
