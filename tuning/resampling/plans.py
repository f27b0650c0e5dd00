"""How one data set is split: a hold-out, or cross-validation. `tuning.resampling.draw` draws the rows.

Holdout(validation=0.2, test=0.2)                   60 % training, 20 % validation, 20 % test
CrossValidation(5, test=0.2)                        five folds of what is not test, of equal class shares
CrossValidation(TimeSeriesSplit(5), test=0.2)       any scikit-learn splitter; here test is the last 20 %
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeAlias, runtime_checkable

from tuning.errors import StudyError
from tuning.text import one_line


@runtime_checkable
class Splitter(Protocol):
    """What scikit-learn's splitters and your own have in common; the names are scikit-learn's."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:  # noqa: N803
        """Yields pairs of row numbers (training, validation)."""


Amount: TypeAlias = float | int
"""A share of all samples, a float between 0 and 1, or a number of samples, an int."""


@dataclass(frozen=True, repr=False)
class Holdout:
    """One training part and one validation part in each replicate, drawn at random.

    Class labels keep their shares in every part (see `tuning.resampling.labels` for what counts as labels). Groups, if
    the data name any, are kept whole; amounts are then met as nearly as whole groups allow.

    Attributes:
        validation: What the tuners' scores are measured on: a share of all samples, or a number of them.
        test: What no tuner sees; likewise. None if there is to be no test part, or if the data bring their own.
        stratify: False draws without regard to class labels; True insists that the targets are class labels.
        reshuffle: Each configuration gets a hold-out of its own, within the rows that are not test. The winner is then
            not the one that suits a single hold-out best (Nagler, Schneider, Bischl and Feurer, Reshuffling Resampling
            Splits Can Improve Generalization of Hyperparameter Optimization, NeurIPS 2024).

    Raises:
        StudyError: An amount is not between 0 and 1 and no whole number, or nothing is left to train on.
    """

    validation: Amount = 0.2
    test: Amount | None = None
    stratify: bool | None = None
    reshuffle: bool = False

    def __post_init__(self) -> None:
        _check_amount("Holdout", "validation", self.validation)
        if self.test is not None:
            _check_amount("Holdout", "test", self.test)
        shares = [amount for amount in (self.validation, self.test) if isinstance(amount, float)]
        if sum(shares) >= 1:
            raise StudyError(
                f"Holdout(validation={self.validation!r}, test={self.test!r}) leaves nothing to train on; expected "
                "shares whose sum is below 1"
            )
        _check_stratify("Holdout", self.stratify)
        if not isinstance(self.reshuffle, bool):
            raise StudyError(f"Holdout(reshuffle={describe(self.reshuffle)}): expected True or False")

    def __repr__(self) -> str:
        return _written(self)


@dataclass(frozen=True, repr=False)
class CrossValidation:
    """One model for each fold; the score of a configuration is the mean over the folds.

    A splitter's `random_state` is replaced by a seed of the replicate, so that each replicate has folds of its own. A
    splitter that does not draw at random (`KFold(5)`, `TimeSeriesSplit(5)`) makes the same folds of the same rows: they
    differ between replicates only through the test part, if that is drawn. Write ``shuffle=True`` to have them drawn.

    Attributes:
        splitter: A number of folds, or any splitter: scikit-learn's, or an object with ``split(X, y, groups)``. A
            number stands for shuffled folds that keep the shares of class labels, and groups whole. (With both,
            scikit-learn's `StratifiedGroupKFold`: where groups differ in size, its folds differ little between seeds.)
        test: What no tuner sees: a share of all samples, a number of them, or a splitter whose last split is taken
            (its validation rows are test, its training rows go on to the folds). An amount is drawn as by `Holdout`;
            with a `TimeSeriesSplit` it is the last samples, with the splitter's `gap` before them. None if there is to
            be no test part, or if the data bring their own.
        stratify: False: targets are not treated as class labels, and folds may miss a class.

    Raises:
        StudyError: Not a splitter, fewer than two folds, or an amount that cannot be.
    """

    splitter: int | Splitter = 5
    test: Amount | Splitter | None = None
    stratify: bool | None = None

    def __post_init__(self) -> None:
        splitter = self.splitter
        if isinstance(splitter, int) and not isinstance(splitter, bool):
            if splitter < 2:
                raise StudyError(f"CrossValidation({splitter}): expected at least 2 folds, or a hold-out: Holdout()")
        elif not is_splitter(splitter):
            raise StudyError(
                f"CrossValidation({describe(splitter)}): expected a number of folds or a splitter, such as "
                "StratifiedKFold(5, shuffle=True)"
            )
        if self.test is not None and not is_splitter(self.test):
            _check_amount("CrossValidation", "test", self.test)
        _check_stratify("CrossValidation", self.stratify)

    def __repr__(self) -> str:
        return _written(self)


Resampling: TypeAlias = Holdout | CrossValidation


def is_splitter(value: object) -> bool:
    """Whether this is an object with a method `split`, and not a text or a class."""
    return isinstance(value, Splitter) and not isinstance(value, str | bytes | type)


def describe(value: object) -> str:
    """A splitter as it was written; one without a `__repr__` of its own by its class, for an address says nothing."""
    return f"{type(value).__name__}()" if type(value).__repr__ is object.__repr__ else one_line(repr(value))


def rows_of(amount: Amount, size: int) -> int:
    """The number of rows that an amount of `size` samples is; a share is rounded up, as scikit-learn does."""
    # 0.1 * 30 is a little more than 3 in floating point; rounding first keeps that from becoming 4.
    return amount if isinstance(amount, int) else math.ceil(round(amount * size, 6))


def _written(plan: Holdout | CrossValidation) -> str:
    """A plan as it was written, defaults left out; the same in every process, so that a journal can hold it."""
    given = {
        field.name: getattr(plan, field.name) for field in fields(plan) if field.name in ("validation", "splitter")
    }
    given |= {field.name: value for field in fields(plan) if (value := getattr(plan, field.name)) is not field.default}
    return f"{type(plan).__name__}({', '.join(f'{name}={describe(value)}' for name, value in given.items())})"


def _check_amount(plan: str, argument: str, amount: object) -> None:
    whole = isinstance(amount, int) and not isinstance(amount, bool) and amount >= 1
    share = isinstance(amount, float) and 0 < amount < 1
    if not whole and not share:
        also = " or a splitter" if plan == "CrossValidation" else ""
        raise StudyError(
            f"{plan}({argument}={describe(amount)}): expected a share between 0 and 1, such as 0.2, or a number of "
            f"samples{also}"
        )


def _check_stratify(plan: str, stratify: object) -> None:
    if stratify not in (None, True, False):
        raise StudyError(
            f"{plan}(stratify={describe(stratify)}): expected None (class labels are found), True or False"
        )
