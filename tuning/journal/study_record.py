"""The journal's first line: the study's name, and its problems."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from tuning.objective import Objective

FORMAT = 1
SYNTHETIC, NOT_RECORDED = "synthetic", "not recorded"  # fingerprints where there are no data, or none known
Declaration = dict[str, Any]
"""A hyperparameter, as `tuning.space.space.Space.to_json` writes it."""


class DataRecord(Struct, frozen=True):
    """A problem's data.

    Attributes:
        fingerprint: Of its content.
        shapes: The parts' sizes, shapes and types by name.
        resampling: How one data set is split in each replicate, as Python, or what is drawn of a table; unset for fixed
            splits.
        preprocess: The transformer fitted on each training part, as Python; unset if there is none.
        rows: Samples of a split's parts ``development`` (training and validation) and ``test``; unset for fixed splits.
        targets: `tuning.splits.target_hashes`; unset for batches, and in journals of earlier releases.
    """

    fingerprint: str
    shapes: dict[str, Any] = {}
    resampling: str | UnsetType = UNSET
    preprocess: str | UnsetType = UNSET
    rows: dict[str, int] | UnsetType = UNSET
    targets: list[str] | UnsetType = UNSET

    @property
    def test_rows(self) -> int | None:
        """Samples of the test part; None if they are not known, or there is none."""
        return (self.rows or {}).get("test") if self.rows is not UNSET else self.shapes.get("test", {}).get("size")


class SurrogateRecord(Struct, frozen=True, omit_defaults=True):
    """What a problem's curves are computed from.

    Attributes:
        table: The study that trained the table.
        configurations: How many it has.
        failed: Number of trainings that FAILED.
        data_fingerprint: Of the data that they were trained on.
        model: In words.
        metric: Metric whose errors are given.
        folds: Number of folds of the cross-validation that measured them.
        error_by_epoch: Error measures by name, by epoch.
        trainings: Of all configurations; 0: one of each.
        best: Number of configurations among the best, whose errors are given too; 0 in earlier releases.
        noise_free: Whether a winner is worth its curve without noise, in the replicate's own table; in earlier releases
            all replicates had one table, and winners were retrained with noise.
    """

    table: str
    configurations: int
    failed: int
    data_fingerprint: str = field(name="data fingerprint")
    model: str
    metric: str
    folds: int
    error_by_epoch: dict[str, dict[str, float]] = field(name="error by epoch")
    trainings: int = 0
    best: int = field(default=0, name="best configurations")
    noise_free: bool = field(default=False, name="noise-free worth")


class ImportRecord(Struct, frozen=True):
    """Where a problem's searches were imported from.

    Attributes:
        searches: Library and source in words, by label.
        told_epochs: Epochs of a trial, as given by the user; 0 if every search records them.
        unfinished: Number of unfinished trials that were left out.
    """

    searches: dict[str, str]
    told_epochs: int = field(name="epochs a trial, as told")
    unfinished: int = field(name="unfinished, left out")


class LookupRecord(Struct, frozen=True):
    """What a problem's scores are looked up in.

    Attributes:
        source: Where the table is from, in words.
        configurations: How many it has.
        trainings: Of each.
    """

    source: str
    configurations: int
    trainings: int


class ProblemRecord(Struct, frozen=True, omit_defaults=True):
    """A problem.

    Attributes:
        space: Its hyperparameters, in order.
        objective: What is optimised.
        max_epochs: Of a full training.
        data: What it was trained on.
        folds, repeats: A trial trains a model for each, see `Trial.trainings`.
        surrogate: Given if it is computed, not trained.
        imported: Given if its searches were run elsewhere.
        lookup: Given if its scores are looked up.
    """

    space: list[Declaration]
    objective: Objective
    max_epochs: int
    data: DataRecord
    surrogate: SurrogateRecord | None = None
    imported: ImportRecord | None = None
    folds: int = 1
    repeats: int = 1
    lookup: LookupRecord | None = None

    @property
    def noise_free(self) -> bool:
        """Whether a retraining is the score without noise, so that one says all."""
        return self.lookup is not None or (self.surrogate is not None and self.surrogate.noise_free)


class StudyRecord(Struct, frozen=True, kw_only=True, tag_field="kind", tag="study"):
    """A study: its name, and its problems by name."""

    format: int = FORMAT
    study: str
    problems: dict[str, ProblemRecord]
