"""A problem's data: loaded once a process, split as the problem says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property

from msgspec import UNSET

from tuning.errors import StudyError
from tuning.journal.study_record import DataRecord
from tuning.resampling.draw import draw_for
from tuning.resampling.partition import Partition, sizes
from tuning.resampling.plans import Holdout
from tuning.resampling.preprocess import check_transformer, describe_transformer, fitted_splits, transformed
from tuning.resampling.samples import Samples, load_samples
from tuning.seeds import FIRST_SPLIT, SplitSeeds
from tuning.splits import Splits, fingerprint, load_splits, shapes, size

KEPT = 2
"""Splits whose arrays are kept: those of the replicate that is trained, and those that the space was recorded on."""


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
        resampling: Holdout | None,
        preprocess: object,
        validation_split: float | None = None,
    ) -> None:
        if resampling is not None and not isinstance(resampling, Holdout):
            raise StudyError(f"Problem(resampling={resampling!r}): expected Holdout(validation=0.2, test=0.2) or None")
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
        self._splits: OrderedDict[SplitSeeds, Splits] = OrderedDict()

    @cached_property
    def samples(self) -> Samples:
        """The whole data set, if a resampling splits it. Raises DataError."""
        return load_samples(self.load, raw=self.preprocess is not None)

    def partition(self, split: SplitSeeds) -> Partition:
        """The rows of each part, if a resampling draws them. Raises DataError."""
        if self.resampling is None:
            raise StudyError("fixed splits are not drawn")
        return draw_for(self.resampling, self.samples, split.replicate, split.own)

    def splits(self, split: SplitSeeds = FIRST_SPLIT) -> Splits:
        """The arrays of a replicate's split, or the fixed ones. Raises DataError."""
        if self.resampling is None:
            key = FIRST_SPLIT
        else:
            key = split if self.resampling.reshuffle else split._replace(own=split.replicate)
        if key not in self._splits:
            self._splits[key] = self._made(split)
            while len(self._splits) > KEPT:
                self._splits.popitem(last=False)
        self._splits.move_to_end(key)
        return self._splits[key]

    def _made(self, split: SplitSeeds) -> Splits:
        if self.resampling is None:
            fixed = load_splits(self.load, self.validation_split)
            return fixed if self.preprocess is None else transformed(fixed, self.preprocess, seed=FIRST_SPLIT.replicate)
        partition = self.partition(split)
        return fitted_splits(
            self.samples, partition.folds[0], partition.test, preprocess=self.preprocess, seed=split.replicate
        )

    def check(self, split: SplitSeeds) -> None:
        """Raises DataError if a replicate's split cannot be drawn."""
        if self.resampling is not None:
            self.partition(split)

    def sizes(self, split: SplitSeeds) -> list[dict[str, object]]:
        """For people: each part's size, groups and class counts, see `tuning.resampling.partition.sizes`."""
        if self.resampling is None:
            return [{"part": name, "samples": size(part)} for name, part in self.splits().parts().items()]
        table = sizes(self.partition(split), self.samples, self.resampling.stratify).drop(columns="fold")
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
        )

    def __getstate__(self) -> dict[str, object]:
        """For workers, without the data, which each loads itself."""
        return {
            "load": self.load,
            "validation_split": self.validation_split,
            "resampling": self.resampling,
            "preprocess": self.preprocess,
            "_splits": OrderedDict(),
        }
