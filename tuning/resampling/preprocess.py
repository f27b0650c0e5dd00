"""The arrays of one fold, and a scikit-learn transformer that sees its training rows alone.

What is fitted before the split (a scaler's means, selected features, imputed values) has seen the rows that a score is
measured on, and the score is then too good. Here a clone of the transformer is fitted for each fold, on its training
rows, and applied to its validation and test rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tuning import seeds
from tuning.arrays import Arrays, RowsOf, check_finite, checked, describe, mapped
from tuning.errors import DataError, StudyError
from tuning.resampling.labels import class_labels
from tuning.resampling.partition import Fold, Rows
from tuning.resampling.samples import Samples, taken
from tuning.splits import Part, Splits
from tuning.text import error_line


def check_transformer(preprocess: object) -> None:
    """Raises StudyError unless this is a transformer that can be cloned: with `fit`, `transform` and parameters."""
    named = describe_transformer(preprocess)
    if isinstance(preprocess, type):
        raise StudyError(f"preprocess={named} is a class; expected an object, such as {named}()")
    if not all(hasattr(preprocess, method) for method in ("fit", "transform", "get_params")):
        raise StudyError(
            f"preprocess={named}: expected a transformer of scikit-learn, such as StandardScaler(), with fit and "
            "transform; a function becomes one by FunctionTransformer(function)"
        )


def fitted_splits(
    samples: Samples, fold: Fold, test: Rows | None = None, *, preprocess: Any = None, seed: int = 1
) -> Splits:
    """One fold's arrays: training, validation and test.

    These are `RowsOf` the data set's arrays, but for what is transformed and what the data bring as test.

    Args:
        samples: The data set; raw where there is a transformer (`load_samples(raw=True)`).
        fold: Its rows.
        test: Rows of the test part. Not given where the data have a test part of their own, which then is used.
        preprocess: A transformer of scikit-learn. It is cloned, fitted on x and y of the training rows, and applied to
            all parts. Of y, it gets class numbers for one-hot rows, and nothing where there are several outputs.
        seed: Of what it draws at random: every `random_state` of its that is None.

    Raises:
        DataError: x is not two-dimensional, or the transformer raises, changes the number of rows or makes anything but
            a dense array of finite numbers.
        StudyError: It is no transformer.
    """
    rows = {"train": fold.train, "validation": fold.validation} | ({} if test is None else {"test": test})
    parts = {
        name: _rows_of(samples, chosen, taken if preprocess is not None else RowsOf) for name, chosen in rows.items()
    }
    if test is None and samples.test is not None:
        parts["test"] = tuple(samples.test)
    if preprocess is not None:
        parts = _transformed(preprocess, parts, seed)
    return Splits(**parts, class_names=samples.class_names)


def transformed(splits: Splits, preprocess: Any, *, seed: int = 1) -> Splits:
    """Fixed splits, with a transformer fitted on their training part; arguments and errors as in `fitted_splits`."""
    return Splits(**_transformed(preprocess, splits.parts(), seed), class_names=splits.class_names)


def _rows_of(samples: Samples, rows: Rows, take: Callable[[Any, Rows], Any]) -> Part:
    return tuple(mapped(lambda leaf: take(leaf, rows), side) for side in samples.part)


def _transformed(preprocess: Any, parts: dict[str, Part], seed: int) -> dict[str, Part]:
    from sklearn.base import clone

    check_transformer(preprocess)
    named = describe_transformer(preprocess)
    for name, part in parts.items():
        _check_table(named, f"{name} x", part[0])
    transformer = clone(preprocess)
    _seed(transformer, seed)
    x, y = parts["train"][:2]
    try:
        # Not fit and then transform: a TargetEncoder cross-fits what it makes of the rows that it was fitted on.
        fit_transform = getattr(transformer, "fit_transform", None)
        found = fit_transform(x, _target(y)) if fit_transform else transformer.fit(x, _target(y)).transform(x)
        outputs = {"train": found} | {name: transformer.transform(parts[name][0]) for name in list(parts)[1:]}
    except Exception as error:
        raise DataError(
            f"preprocess={named} raised {error_line(error)}; expected a transformer that fits x, {describe(x)}"
        ) from error
    return {
        name: (_checked(named, f"{name} x", outputs[name], parts[name][0].shape[0]), *parts[name][1:]) for name in parts
    }


def _check_table(named: str, path: str, x: Arrays) -> None:
    if len(getattr(x, "shape", ())) != 2:
        raise DataError(
            f"preprocess={named} and {path} is {describe(x)}; expected one two-dimensional array or a frame: reshape "
            "x, or put the preprocessing into the model, as a Normalization layer"
        )


def _checked(named: str, path: str, output: Any, size: int) -> Arrays:
    """The dense array that a transformer made, of as many rows as it got."""
    if hasattr(output, "toarray"):
        raise DataError(
            f"preprocess={named} makes a sparse matrix of {path}; expected a dense array: OneHotEncoder and the like "
            "take sparse_output=False, ColumnTransformer sparse_threshold=0"
        )
    if not hasattr(output, "shape") or not output.shape or output.shape[0] != size:
        raise DataError(
            f"preprocess={named} makes {describe(output)} of the {size:,} rows of {path}; expected as many rows: leave "
            "rows out in data, before anything is split"
        )
    try:
        array = checked(path, output)
        check_finite(path, array)
    except DataError as error:
        raise DataError(f"after preprocess={named}, {error}") from None
    return array


def _target(y: Arrays) -> Any:
    if isinstance(y, dict | tuple | list):
        return None
    if y.ndim == 2 and y.shape[1] == 1:
        return y[:, 0]
    labels = class_labels(y) if y.ndim == 2 else None
    return y if labels is None else labels.codes


def _seed(transformer: Any, seed: int) -> None:
    """Gives each `random_state` that is None a seed, so that another process makes the same arrays."""
    for name, value in sorted(transformer.get_params(deep=True).items()):
        if value is None and (name == "random_state" or name.endswith("__random_state")):
            transformer.set_params(**{name: seeds.derive("preprocess", seed, name)})


def describe_transformer(preprocess: object) -> str:
    """On one line; a pipeline is written over several."""
    if isinstance(preprocess, type):
        return preprocess.__name__
    line = " ".join(repr(preprocess).split())
    return line if len(line) <= 80 else f"{type(preprocess).__name__}(...)"
