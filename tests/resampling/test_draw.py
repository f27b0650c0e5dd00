"""Partitions: disjoint, complete, the same for a seed, stratified, groups whole; with every scikit-learn splitter."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import model_selection as ms

from tuning import Holdout, Samples, seeds
from tuning.errors import DataError
from tuning.resampling.draw import draw, draw_for, is_drawn
from tuning.resampling.labels import class_labels
from tuning.resampling.partition import fingerprint
from tuning.resampling.plans import CrossValidation, rows_of

SIZE = 120
X = np.random.default_rng(1).normal(size=(SIZE, 3))
CLASSES = np.repeat([0, 1, 2], [60, 40, 20])
GROUPS = np.arange(SIZE) % 24
FOLDS = np.arange(SIZE) % 4
LABELLED = Samples(X, CLASSES)
GROUPED = Samples(X, CLASSES, groups=GROUPS)
REGRESSION = Samples(X, X[:, 0])

EVERY = [
    ms.KFold(5, shuffle=True),
    ms.StratifiedKFold(5, shuffle=True),
    ms.GroupKFold(5, shuffle=True),
    ms.StratifiedGroupKFold(5, shuffle=True),
    ms.ShuffleSplit(3, test_size=0.25),
    ms.StratifiedShuffleSplit(3, test_size=0.25),
    ms.GroupShuffleSplit(3, test_size=0.25),
    ms.RepeatedKFold(n_splits=4, n_repeats=2),
    ms.RepeatedStratifiedKFold(n_splits=4, n_repeats=2),
    ms.KFold(5),
    ms.StratifiedKFold(5),
    ms.GroupKFold(5),
    ms.StratifiedGroupKFold(5),
    ms.TimeSeriesSplit(4),
    ms.LeaveOneGroupOut(),
    ms.LeavePGroupsOut(1),
    ms.PredefinedSplit(FOLDS),
    ms.LeaveOneOut(),
]
RANDOM = EVERY[:9]


def named(splitter):
    return f"{type(splitter).__name__}{'' if getattr(splitter, 'shuffle', True) else ' in order'}"


def suited(splitter):
    """Data that a splitter takes; the folds of some miss classes, so their targets are a regression's."""
    grouped, stratified = (word in type(splitter).__name__ for word in ("Group", "Stratified"))
    return Samples(X, CLASSES if stratified else X[:, 0], groups=GROUPS if grouped else None)


def same(one, other):
    return fingerprint(one) == fingerprint(other)


@st.composite
def labelled(draws):
    """Data of 2 to 6 classes with 8 members or more, in any order."""
    members = draws(st.lists(st.integers(8, 60), min_size=2, max_size=6))
    y = np.repeat(np.arange(len(members)), members)
    return Samples(np.zeros((len(y), 1)), np.random.default_rng(draws(st.integers(0, 99))).permutation(y))


class TestHoldout:
    @given(labelled(), st.floats(0.1, 0.4), st.one_of(st.none(), st.floats(0.1, 0.4)), st.integers(1, 2**32 - 1))
    def test_parts_are_disjoint_cover_all_and_have_the_size_that_was_asked_for(self, samples, validation, test, seed):
        partition = draw(Holdout(validation, test), samples, seed)
        (fold,) = partition.folds
        parts = [fold.train, fold.validation, *([] if test is None else [partition.test])]
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(samples)))
        assert len(fold.validation) == rows_of(validation, len(samples))
        assert all((np.diff(part) > 0).all() for part in parts)
        if test is not None:
            assert len(partition.test) == rows_of(test, len(samples))
            np.testing.assert_array_equal(partition.development, np.setdiff1d(np.arange(len(samples)), partition.test))

    @given(labelled(), st.floats(0.13, 0.4), st.integers(1, 2**32 - 1))
    def test_each_class_keeps_its_share_to_within_one_sample(self, samples, share, seed):
        partition = draw(Holdout(share, share), samples, seed)
        labels = class_labels(samples.y)
        drawn = labels.counts() * (len(partition.test) / len(samples))
        assert (np.abs(labels.counts(partition.test) - drawn) <= 1).all()
        (fold,) = partition.folds
        left = labels.counts(partition.development)
        assert (np.abs(labels.counts(fold.validation) - left * (len(fold.validation) / left.sum())) <= 1).all()

    def test_rare_classes_are_in_every_part_whatever_the_seed(self):
        y = np.repeat([0, 1, 2, 3], [90, 4, 3, 3])
        labels = class_labels(y)
        for seed in range(1, 200):
            partition = draw(Holdout(0.1, 0.1), Samples(y, y), seed)
            for _, _, rows in partition.parts():
                assert labels.counts(rows).min() >= 1

    def test_a_regression_and_unstratified_classes_are_drawn_at_random(self):
        for plan, samples in ((Holdout(0.25), REGRESSION), (Holdout(0.25, stratify=False), LABELLED)):
            drawn = [draw(plan, samples, seed).folds[0].validation for seed in range(1, 400)]
            counts = np.bincount(np.concatenate(drawn), minlength=SIZE) / len(drawn)
            assert {len(rows) for rows in drawn} == {30}
            assert np.abs(counts - 0.25).max() < 0.1  # 4.6 standard errors
            assert len({int((CLASSES[rows] == 2).sum()) for rows in drawn}) > 3

    @given(st.lists(st.integers(1, 12), min_size=8, max_size=30), st.integers(1, 2**32 - 1), st.booleans())
    def test_groups_stay_whole(self, sizes, seed, classes):
        groups = np.repeat(np.arange(len(sizes)), sizes)
        y = np.random.default_rng(seed).permutation(len(groups)) % 2 if classes else np.linspace(0.1, 0.9, len(groups))
        samples = Samples(y, y, groups=np.array([f"patient {group}" for group in groups]))
        try:
            partition = draw(Holdout(0.25, 0.25), samples, seed)
        except DataError:  # few groups, and a part without one of the classes
            assume(not classes)
            raise
        (fold,) = partition.folds
        parts = [set(groups[rows]) for rows in (fold.train, fold.validation, partition.test)]
        assert sum(map(len, parts)) == len(sizes) == len(set.union(*parts))
        assert abs(len(partition.test) - 0.25 * len(groups)) <= max(sizes)

    def test_classes_keep_their_shares_about_where_groups_stay_whole(self):
        generator = np.random.default_rng(5)
        groups = np.repeat(np.arange(40), 10)
        y = (generator.random(400) < np.repeat(generator.random(40), 10)).astype(int)  # groups differ in their classes
        samples = Samples(y, y, groups=groups)
        shares = [y[draw(Holdout(0.2), samples, seed).folds[0].validation].mean() for seed in range(1, 60)]
        at_random = [y[np.isin(groups, generator.permutation(40)[:8])].mean() for _ in range(60)]
        assert np.abs(np.array(shares) - y.mean()).max() < 0.05
        assert np.std(shares) < np.std(at_random) / 3
        assert len({fingerprint(draw(Holdout(0.2), samples, seed)) for seed in range(1, 60)}) == 59


class TestReshuffle:
    def test_each_configuration_has_a_hold_out_of_its_own_and_the_test_part_stays(self):
        plan = Holdout(0.2, 0.2, reshuffle=True)
        base = draw(plan, LABELLED, 7)
        own = [draw_for(plan, LABELLED, 7, configuration) for configuration in range(1, 21)]
        assert len({fingerprint(partition) for partition in own}) == 20
        for partition in own:
            np.testing.assert_array_equal(partition.test, base.test)
            np.testing.assert_array_equal(partition.development, base.development)
        assert same(draw_for(plan, LABELLED, 7, 3), draw_for(plan, LABELLED, 7, 3))

    @pytest.mark.parametrize("plan", [Holdout(0.2, 0.2), CrossValidation(5, test=0.2)])
    def test_other_plans_give_all_configurations_the_same_rows(self, plan):
        assert same(draw_for(plan, LABELLED, 7, 3), draw(plan, LABELLED, 7))


class TestSeeds:
    @pytest.mark.parametrize("splitter", RANDOM, ids=named)
    def test_same_seed_same_rows_other_seed_other_rows(self, splitter):
        plan, samples = CrossValidation(splitter), suited(splitter)
        assert same(draw(plan, samples, 3), draw(plan, samples, 3))
        assert not same(draw(plan, samples, 3), draw(plan, samples, 4))
        assert is_drawn(plan)

    @pytest.mark.parametrize("splitter", EVERY[9:], ids=named)
    def test_what_does_not_draw_gives_every_replicate_the_same_rows(self, splitter):
        plan, samples = CrossValidation(splitter), suited(splitter)
        assert same(draw(plan, samples, 3), draw(plan, samples, 4))
        assert not is_drawn(plan)

    def test_with_a_test_part_its_rows_differ_but_for_a_series(self):
        assert is_drawn(CrossValidation(ms.KFold(5), test=0.2))
        assert not same(*(draw(CrossValidation(ms.KFold(5), test=0.2), REGRESSION, seed) for seed in (1, 2)))
        assert not is_drawn(CrossValidation(ms.TimeSeriesSplit(3), test=0.2))
        assert is_drawn(CrossValidation(ms.KFold(5), test=ms.ShuffleSplit()))
        assert not is_drawn(CrossValidation(ms.KFold(5), test=ms.TimeSeriesSplit(2)))

    def test_a_random_state_of_its_own_is_replaced_and_the_splitter_not_changed(self):
        splitter = ms.KFold(5, shuffle=True, random_state=0)
        plan = CrossValidation(splitter)
        assert not same(draw(plan, REGRESSION, 1), draw(plan, REGRESSION, 2))
        assert splitter.random_state == 0

    def test_replicates_problems_and_configurations_have_seeds_of_their_own(self):
        drawn = [
            seeds.of_splits("study", problem, replicate, {}).replicate for problem in "ab" for replicate in range(1, 30)
        ]
        own = [seeds.of_splits("study", "a", 1, {"units": units}).own for units in range(30)]
        assert len({*drawn, *own}) == len(drawn) + len(own)

    def test_another_process_draws_the_same_rows(self):
        script = (
            "import numpy as np; from tuning import Samples; "
            "from tuning.resampling.plans import CrossValidation, Holdout; "
            "from tuning.resampling.draw import draw; from tuning.resampling.partition import fingerprint; "
            "y = np.repeat([0, 1, 2], [60, 40, 20]); s = Samples(y, y, groups=np.arange(120) % 24); "
            "print(*(fingerprint(draw(p, s, 3)) for p in (Holdout(0.2, 0.2), CrossValidation(5, test=0.2))))"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        plans = (Holdout(0.2, 0.2), CrossValidation(5, test=0.2))
        assert done.stdout.split() == [fingerprint(draw(plan, GROUPED, 3)) for plan in plans]

    def test_it_is_stable(self):
        """A change here draws other rows for every study that was run: old journals then no longer resume."""
        assert fingerprint(draw(Holdout(0.2, 0.2), LABELLED, 3)) == "51910defe3753639"
        assert fingerprint(draw(Holdout(0.2, 0.2), GROUPED, 3)) == "c0ee826450be456d"
        assert fingerprint(draw(CrossValidation(5, test=0.2), LABELLED, 3)) == "eb3686f6d4fa18ee"


class TestSplitters:
    @pytest.mark.parametrize("splitter", EVERY, ids=named)
    @pytest.mark.parametrize("test", [None, 0.25])
    def test_every_splitter_of_scikit_learn(self, splitter, test):
        samples = suited(splitter)
        partition = draw(CrossValidation(splitter, test=test), samples, 11)
        assert len(partition.folds) >= 2
        held = np.zeros(0, int) if test is None else partition.test
        assert len(held) == (0 if test is None else 30)
        for fold in partition.folds:
            assert not set(fold.train) & set(fold.validation)
            assert not {*fold.train, *fold.validation} & set(held)
            if samples.groups is not None:
                assert not {*GROUPS[fold.train]} & {*GROUPS[fold.validation]}

    @pytest.mark.parametrize("splitter", EVERY, ids=named)
    def test_folds_are_those_that_scikit_learn_makes(self, splitter):
        samples = suited(splitter)
        seeded = draw(CrossValidation(splitter), samples, 11)
        if splitter in RANDOM:
            splitter = type(splitter)(**{**arguments(splitter), "random_state": seeds.derive("folds", 11)})
        with warnings.catch_warnings(action="ignore"):
            expected = list(splitter.split(X, samples.y, GROUPS))
        assert len(expected) == len(seeded.folds)
        for fold, (train, validation) in zip(seeded.folds, expected, strict=True):
            np.testing.assert_array_equal(fold.train, train)
            np.testing.assert_array_equal(fold.validation, validation)

    @pytest.mark.parametrize(
        ("samples", "expected"),
        [
            (REGRESSION, ms.KFold),
            (LABELLED, ms.StratifiedKFold),
            (GROUPED, ms.StratifiedGroupKFold),
            (Samples(X, X[:, 0], groups=GROUPS), ms.GroupKFold),
        ],
    )
    def test_a_number_of_folds_is_the_splitter_that_suits_the_data(self, samples, expected):
        plan = CrossValidation(expected(4, shuffle=True))
        assert same(draw(CrossValidation(4), samples, 2), draw(plan, samples, 2))

    def test_one_hot_rows_are_stratified(self):
        one_hot = Samples(X, np.eye(3)[CLASSES])
        for splitter in (5, ms.StratifiedKFold(5, shuffle=True)):
            assert same(draw(CrossValidation(splitter), one_hot, 2), draw(CrossValidation(splitter), LABELLED, 2))

    def test_many_classes_are_stratified_where_a_stratified_splitter_is_given(self):
        y = np.arange(300) % 60
        partition = draw(CrossValidation(ms.StratifiedKFold(5)), Samples(y, y), 2)
        assert all(len(set(y[fold.validation])) == 60 for fold in partition.folds)

    @settings(max_examples=25)
    @given(labelled(), st.integers(2, 8), st.integers(1, 2**32 - 1))
    def test_folds_cover_all_rows_once_and_keep_class_shares_to_within_one(self, samples, folds, seed):
        partition = draw(CrossValidation(folds), samples, seed)
        validated = np.concatenate([fold.validation for fold in partition.folds])
        np.testing.assert_array_equal(np.sort(validated), np.arange(len(samples)))
        labels = class_labels(samples.y)
        for fold in partition.folds:
            assert (np.abs(labels.counts(fold.validation) - labels.counts() / folds) <= 1).all()
            assert len(fold.train) + len(fold.validation) == len(samples)

    def test_the_test_part_of_a_series_is_its_end(self):
        partition = draw(CrossValidation(ms.TimeSeriesSplit(3, gap=5), test=0.25), REGRESSION, 2)
        assert partition.test.tolist() == list(range(90, 120))
        assert partition.development.max() == 84
        for fold in partition.folds:
            assert fold.train.max() + 5 < fold.validation.min()

    def test_test_rows_may_come_from_a_splitter(self):
        partition = draw(
            CrossValidation(ms.TimeSeriesSplit(3), test=ms.TimeSeriesSplit(2, test_size=10)), REGRESSION, 2
        )
        assert partition.test.tolist() == list(range(110, 120))
        assert partition.development.max() == 109

    def test_a_predefined_split_is_cut_to_the_rows_that_are_not_test(self):
        partition = draw(CrossValidation(ms.PredefinedSplit(FOLDS), test=0.25), REGRESSION, 2)
        for number, fold in enumerate(partition.folds):
            assert set(FOLDS[fold.validation]) == {number}

    def test_one_s_own_splitter_sees_x_y_and_groups_as_data_returned_them(self):
        seen = []

        class ByDay:
            def split(self, X, y=None, groups=None):
                seen.append((X, y, groups))
                last = (X["day"] >= 4).to_numpy()
                yield ~last, last  # masks are taken too
                yield np.flatnonzero(~last)[:5], np.flatnonzero(last)

        frame = pd.DataFrame({"day": np.arange(SIZE) % 6})
        y = np.eye(3)[CLASSES]
        partition = draw(CrossValidation(ByDay(), test=30, stratify=False), Samples(frame, y), 2)
        x, target, groups = seen[0]
        assert x["day"].tolist() == frame["day"].iloc[partition.development].tolist()
        np.testing.assert_array_equal(target, y[partition.development])
        assert groups is None
        assert set(frame["day"].iloc[partition.folds[0].validation]) == {4, 5}
        assert len(partition.folds[1].train) == 5

    def test_a_bootstrap_may_repeat_training_rows(self):
        class OutOfBootstrap:
            random_state = None

            def split(self, X, y=None, groups=None):
                for draws in np.random.default_rng(self.random_state).integers(0, len(X), (3, len(X))):
                    yield draws, np.setdiff1d(np.arange(len(X)), draws)

        first, second = (draw(CrossValidation(OutOfBootstrap()), REGRESSION, seed) for seed in (1, 2))
        assert len(first.folds[0].train) == SIZE
        assert not same(first, second)


def arguments(splitter):
    """What a splitter was made with."""
    found = {
        name: value for name, value in vars(splitter).items() if name not in ("cv", "cvargs", "_default_test_size")
    }
    return found | vars(splitter).get("cvargs", {})
