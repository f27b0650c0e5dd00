"""A problem's data: loaded once a process, split as the problem says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import UNSET

from tuning.arrays import by_path
from tuning.errors import DataError, StudyError
from tuning.formatting import plural
from tuning.journal.study_record import DataRecord
from tuning.resampling.draw import draw_for
from tuning.resampling.partition import Partition, sizes
from tuning.resampling.plans import CrossValidation, Holdout, Resampling
from tuning.resampling.preprocess import check_transformer, describe_transformer, fitted_splits, transformed
from tuning.resampling.samples import Samples, load_samples
from tuning.resampling.splitters import number_of_folds
from tuning.seeds import FIRST_SPLIT, SplitSeeds
from tuning.splits import Splits, fingerprint, load_splits, shapes, size, target_hashes

if TYPE_CHECKING:
    from tuning.training.recipe import Recipe

KEPT_BYTES = 2**26
"""Up to this size splits are kept, so that those of a small data set are not made anew for each trial. Of a large one,
only the split or the fold that is trained on is there, beside the whole data set."""


@dataclass
class Kept:
    """Splits that are kept, and the recipe that `Problem` makes of them.

    They are `RowsOf` the whole data set's arrays, unless these are transformed or a user's `fit` gets them.
    """

    splits: Splits
    recipe: Recipe | None = None


class ProblemData:
    """The data of a problem.

    Args:
        load: The problem's `data`.
        resampling: How to split one whole data set; None if `load` returns fixed splits.
        preprocess: A transformer of scikit-learn, fitted on the training part of each split; None for none.
        validation_split: The last share of what `load` returns that is validation data; None if it returns splits.

    Raises:
        StudyError: `resampling` or `preprocess` is something else.
    """

    def __init__(
        self,
        load: Callable[[], object],
        resampling: Resampling | None,
        preprocess: object,
        validation_split: float | None = None,
    ) -> None:
        if resampling is not None and not isinstance(resampling, Resampling):
            raise StudyError(
                f"Problem(resampling={resampling!r}): expected Holdout(validation=0.2, test=0.2), "
                "CrossValidation(5, test=0.2) or None"
            )
        if resampling is not None and validation_split is not None:
            raise StudyError(
                f"Problem(resampling={resampling!r}) and fit_arguments with validation_split={validation_split!r}: "
                "expected one of them"
            )
        if preprocess is not None:
            check_transformer(preprocess)
        self.load = load
        self.validation_split = validation_split
        self.resampling = resampling
        self.preprocess = preprocess
        self._kept: OrderedDict[SplitSeeds, Kept] = OrderedDict()

    @cached_property
    def samples(self) -> Samples:
        """The whole data set, if a resampling splits it. Raises DataError."""
        return load_samples(self.load, raw=self.preprocess is not None)

    def partition(self, split: SplitSeeds) -> Partition:
        """The rows of each part, if a resampling draws them. Raises DataError."""
        if self.resampling is None:
            raise StudyError("fixed splits are not drawn")
        partition = draw_for(self.resampling, self.samples, split.replicate, split.own)
        if len(partition.folds) != self.folds:
            raise DataError(
                f"{self.resampling!r} makes {plural(len(partition.folds), 'fold')} in one replicate and {self.folds} "
                "in another; expected the same number, for a trial costs as many trainings: take a splitter with a "
                "fixed number of folds"
            )
        return partition

    @cached_property
    def folds(self) -> int:
        """How many folds a configuration is trained on. A splitter that does not know splits. Raises DataError."""
        if not isinstance(self.resampling, CrossValidation):
            return 1
        known = number_of_folds(self.resampling.splitter)
        if known is not None:
            return known
        return len(draw_for(self.resampling, self.samples, FIRST_SPLIT.replicate, FIRST_SPLIT.own).folds)

    def splits(self, split: SplitSeeds = FIRST_SPLIT) -> Splits:
        """The arrays of a replicate's split, or the fixed ones. Raises DataError."""
        return self.kept(split).splits.read()

    def kept(self, split: SplitSeeds = FIRST_SPLIT) -> Kept:
        """What is kept of a replicate's split, or of the fixed ones. Raises DataError."""
        if self.resampling is None:
            key = FIRST_SPLIT
        else:
            reshuffled = isinstance(self.resampling, Holdout) and self.resampling.reshuffle
            key = split if reshuffled else split._replace(own=split.replicate)
        if key not in self._kept:
            self._make_room()
            self._kept[key] = Kept(self._made(split))
        self._kept.move_to_end(key)
        return self._kept[key]

    def _make_room(self) -> None:
        """Before another split is made. Splits of one data set are of about the same size."""
        sizes = [_bytes(kept.splits) for kept in self._kept.values()]
        while sizes and sum(sizes) + sizes[-1] > KEPT_BYTES:
            self._kept.popitem(last=False)
            del sizes[0]

    def _made(self, split: SplitSeeds) -> Splits:
        if self.resampling is None:
            fixed = load_splits(self.load, self.validation_split)
            return fixed if self.preprocess is None else transformed(fixed, self.preprocess, seed=FIRST_SPLIT.replicate)
        partition = self.partition(split)
        fold = partition.whole if split.fold is None else partition.folds[split.fold]
        return fitted_splits(self.samples, fold, partition.test, preprocess=self.preprocess, seed=split.replicate)

    def check(self, split: SplitSeeds) -> None:
        """Raises DataError if a replicate's split cannot be drawn."""
        if self.resampling is not None:
            self.partition(split)

    def sizes(self, split: SplitSeeds) -> list[dict[str, object]]:
        """For people: each part's size, groups and class counts, see `tuning.resampling.partition.sizes`."""
        if self.resampling is None:
            return [{"part": name, "samples": size(part)} for name, part in self.splits().parts().items()]
        table = sizes(self.partition(split), self.samples, self.resampling.stratify)
        fold = table.pop("fold")
        if self.folds > 1:
            table["part"] = table["part"].where(fold.isna(), table["part"] + ", fold " + fold.astype(str))
        return [
            {str(name): value if isinstance(value, str) else int(value) for name, value in row.items()}
            for row in table.fillna(0).to_dict("records")
        ]

    def record(self) -> DataRecord:
        """For the journal."""
        whole: Samples | Splits = self.splits() if self.resampling is None else self.samples
        return DataRecord(
            fingerprint(whole),
            shapes(whole),
            resampling=UNSET if self.resampling is None else repr(self.resampling),
            preprocess=UNSET if self.preprocess is None else describe_transformer(self.preprocess),
            rows=UNSET if self.resampling is None else self._rows(),
            targets=target_hashes(whole) or UNSET,
        )

    def _rows(self) -> dict[str, int]:
        partition = self.partition(FIRST_SPLIT)
        official = 0 if self.samples.test is None else size(tuple(self.samples.test)) or 0
        test = official if partition.test is None else len(partition.test)
        return {"development": len(partition.development), "test": test}

    def __getstate__(self) -> dict[str, object]:
        """For workers, without the data, which each loads itself."""
        return {
            "load": self.load,
            "validation_split": self.validation_split,
            "resampling": self.resampling,
            "preprocess": self.preprocess,
            "_kept": OrderedDict(),
        }


def _bytes(splits: Splits) -> int:
    parts = [part for part in splits.parts().values() if isinstance(part, tuple)]
    return sum(leaf.nbytes for part in parts for _, leaf in by_path("", part))
