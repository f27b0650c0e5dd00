"""What winners are worth: optimism, overtuning, and the honest answer on labels that mean nothing."""

import math
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from tuning.analysis.overtuning import overtuning
from tuning.analysis.summary import summarise
from tuning.analysis.verdict.gaps import not_retrained
from tuning.analysis.verdict.sentences import hopes
from tuning.analysis.winners import retrained_cells, winner_table, winners
from tuning.budget import Budget
from tuning.journal.frames import RETRAINING_COLUMNS, retrainings_frame
from tuning.journal.journal import read
from tuning.objective import Objective
from tuning.problems.problem import Problem
from tuning.runner.plan import FIVE
from tuning.runner.runner import run
from tuning.runner.winner_models import save_winners
from tuning.splits import Splits
from tuning.study import Study

MAX, MIN = Objective("val_accuracy", "max"), Objective("val_loss", "min")


def retrainings(*rows: tuple[str, int, int, bool, float, float], state: str = "COMPLETE") -> pd.DataFrame:
    """Rows of (tuner, replicate, trial, final, score, test); the search has seen 0.9 of each, trained in full."""
    repeats: dict[tuple[str, int, int], int] = {}
    lines = []
    for tuner, replicate, trial, final, score, test in rows:
        repeat = repeats[tuner, replicate, trial] = repeats.get((tuner, replicate, trial), 0) + 1
        lines.append(("p", tuner, replicate, trial, final, repeat, state, score, test, 3, 0.1, "", 0.9, True))
    return pd.DataFrame(lines, columns=RETRAINING_COLUMNS)


def finals(**scores: float) -> pd.DataFrame:
    rows = [("p", tuner, 1, score) for tuner, score in scores.items()]
    return pd.DataFrame(rows, columns=["problem", "tuner", "replicate", "score"])


def test_optimism_is_what_the_search_saw_too_much():
    frame = retrainings(("a", 1, 2, True, 0.80, 0.70), ("a", 1, 2, True, 0.90, 0.80))
    cell = retrained_cells(frame, finals(a=0.95), MAX).to_dict("records")[0]
    assert (cell["seen"], cell["seeds"], cell["failed"]) == (0.95, 2, 0)
    assert cell["retrained"] == pytest.approx(0.85)
    assert cell["test"] == pytest.approx(0.75)
    assert cell["optimism"] == pytest.approx(0.10)
    # A loss is too good when it is too low.
    assert retrained_cells(frame, finals(a=0.75), MIN)["optimism"].tolist() == pytest.approx([0.10])


def test_what_was_not_trained_in_full_says_nothing_of_luck():
    frame = retrainings(("a", 1, 2, True, 0.8, 0.7), ("b", 1, 2, True, 0.8, 0.7))
    frame.loc[frame["tuner"] == "b", "in_full"] = False
    cells = retrained_cells(frame, finals(a=0.95, b=0.4), MAX)
    assert cells["optimism"].tolist() == pytest.approx([0.15, math.nan], nan_ok=True)
    table = winner_table(cells)
    assert table[["cells", "in_full"]].to_numpy().tolist() == [[1, 1], [1, 0]]
    said = hopes(table, overtuning(frame, ["a", "b"], MAX, "test"), ["a", "b"], MAX)
    assert "on average 0.150 worse" in said[0]
    assert said[1].startswith("1 of 2 searches ended at a winner that was not trained in full: ")


def trajectories(*worths: tuple[str, list[float]], seeds: int = 5, noise: float = 0.01) -> pd.DataFrame:
    """A search of a tuner for each list of its incumbents' true test scores, the last one final."""
    generator = np.random.default_rng(1)
    rows = [
        (tuner, replicate, trial, trial == len(worth) - 1, score, score)
        for replicate, (tuner, worth) in enumerate(worths, start=1)
        for trial, true in enumerate(worth)
        for score in true + noise * generator.normal(size=seeds)
    ]
    return retrainings(*rows).assign(seen=lambda frame: 0.9 + frame["trial"] / 1000)


def test_a_search_that_went_on_to_something_worse_is_overtuned():
    frame = trajectories(*[("a", [0.9, 0.8]), ("b", [0.8, 0.9])] * 4, ("a", [0.9]))
    found = overtuning(frame, ["a", "b", "c"], MAX, "test").table.set_index("tuner")
    assert found["judged"].to_dict() == {"a": 4, "b": 4, "": 8}  # a search with one incumbent is not judged
    assert found["overtuned"].to_dict() == pytest.approx({"a": 1.0, "b": 0.0, "": 0.5}, abs=0.01)
    assert found.loc["a", "lost"] == pytest.approx(0.1, abs=0.02)
    mirrored = overtuning(frame, ["a", "b"], MIN, "test").table.set_index("tuner")
    assert mirrored["overtuned"].to_dict() == pytest.approx({"a": 0.0, "b": 1.0, "": 0.5}, abs=0.01)


def test_noise_alone_is_no_overtuning_and_what_does_not_matter_does_not_count():
    found = overtuning(trajectories(*[("a", [0.8, 0.8, 0.8])] * 10), ["a"], MAX, "test")
    assert found.matters == pytest.approx(0.01, rel=0.2)
    assert found.table.iloc[-1]["overtuned"] <= 0.05
    worse = trajectories(*[("a", [0.9, 0.8])] * 4)
    assert overtuning(worse, ["a"], MAX, "test", rope=0.2).table.iloc[-1]["overtuned"] <= 0.01
    assert overtuning(worse.assign(state="FAILED"), ["a"], MAX, "test").table.empty
    assert overtuning(worse[worse["repeat"] == 1], ["a"], MAX, "test").table.empty  # noise is not known


def test_failed_retrainings_are_counted_and_left_out():
    good = retrainings(("a", 1, 2, True, 0.8, 0.7), ("a", 1, 2, True, 0.9, 0.8))
    bad = retrainings(("a", 1, 2, True, math.nan, math.nan), state="FAILED").assign(repeat=3)
    cell = retrained_cells(pd.concat([bad, good]), finals(a=0.95), MAX).to_dict("records")[0]
    assert (cell["seeds"], cell["failed"], cell["retrained"]) == (2, 1, pytest.approx(0.85))
    lost = retrained_cells(bad, finals(a=0.95), MAX)
    assert lost[["seeds", "failed"]].to_dict("records") == [{"seeds": 0, "failed": 1}]
    assert math.isnan(lost.loc[0, "retrained"])
    assert winner_table(lost).empty
    assert retrained_cells(good.iloc[:0], finals(a=0.95), MAX).empty


def test_what_was_not_retrained_is_named():
    def named(frame: pd.DataFrame, repeats: int = 2) -> tuple[str, ...]:
        scores = finals(a=0.95)
        return not_retrained(retrained_cells(frame, scores, MAX), scores, repeats)

    one, two = (retrainings(*[("a", 1, 2, True, 0.8, 0.7)] * times) for times in (1, 2))
    assert named(two) == ()
    assert named(one.iloc[:0], 0) == ()
    few = ("1 cell with fewer retrainings than planned: a (replicate 1).",)
    assert named(one) == few
    assert named(one.iloc[:0]) == few
    lost = ("Retrainings FAILED and left out in 1 cell: a (replicate 1); retrainings.csv has their messages.",)
    assert named(two.assign(state="FAILED")) == lost
    assert named(two.assign(state=["COMPLETE", "FAILED"])) == lost
    assert named(one.assign(state="FAILED")) == few + lost


def test_how_hopeful_the_searches_were_is_said_in_a_sentence():
    def said(*rows: tuple[str, int, int, bool, float, float], objective=MAX, **scores: float) -> str:
        frame = retrainings(*rows)
        table = winner_table(retrained_cells(frame, finals(**scores), objective))
        return " ".join(hopes(table, overtuning(frame, ["a", "b"], objective, "test"), ["a", "b"], objective))

    a, b, beside = (("a", 1, 2, True, 0.8, 0.7), ("b", 1, 2, True, 0.6, 0.75), ("default", 1, 0, True, 0.9, 0.9))
    assert said(a, b, beside, a=0.9, b=0.8, default=0.9) == (
        "Trained again on fresh seeds, winners are on average 0.150 worse in val_accuracy than their search saw them."
    )
    two = (a, ("a", 1, 2, True, 0.8, 0.71), ("a", 1, 0, False, 0.9, 0.91), ("a", 1, 0, False, 0.9, 0.92))
    assert "Overtuned are an estimated 100% of 1 search with an earlier incumbent" in said(*two, a=0.9)
    assert "0.150 better in val_loss" in said(a, b, a=0.9, b=0.8, objective=MIN)
    assert said(beside, default=0.9) == ""


def test_an_unfinished_cell_is_not_judged():
    frame = retrainings(("a", 1, 2, True, 0.8, 0.7))
    assert retrained_cells(frame, finals(a=math.nan), MAX).empty


def test_the_table_has_means_over_cells_with_intervals():
    rows = [("a", replicate, 0, True, 0.80 + replicate / 100, 0.7) for replicate in range(1, 6)]
    scores = pd.DataFrame([("p", "a", r, 0.9) for r in range(1, 6)], columns=["problem", "tuner", "replicate", "score"])
    table = winner_table(retrained_cells(retrainings(*rows), scores, MAX)).to_dict("records")[0]
    assert (table["cells"], table["in_full"]) == (5, 5)
    assert table["retrained"] == pytest.approx(0.83)
    half = 2.776445 * 0.0070711  # Student's t of 4 degrees of freedom, and the standard error
    assert (table["retrained_low"], table["retrained_high"]) == pytest.approx((0.83 - half, 0.83 + half), abs=1e-6)
    assert (table["test_low"], table["test_high"]) == pytest.approx((0.7, 0.7))


@cache
def noise() -> Splits:
    """Labels that have nothing to do with the data: four classes, so chance is a quarter."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2120, 8)).astype("float32"), random.integers(0, 4, 2120)
    return Splits((x[:80], y[:80]), (x[80:120], y[80:120]), (x[120:], y[120:]))


def build_model(hp):
    model = keras.Sequential([keras.layers.Input((8,))])
    model.add(keras.layers.Dense(hp.Int("width", 4, 64), activation="relu"))
    model.add(keras.layers.Dense(4, activation="softmax"))
    rate = hp.Float("rate", 1e-2, 1.0, sampling="log")
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.slow
def test_on_shuffled_labels_every_tuner_is_at_chance_and_too_hopeful(tmp_path: Path):
    problem = Problem(build_model, noise, Objective("val_accuracy", "max"), 2, name="noise")
    study = Study("noise", problem, FIVE, budget=Budget(10), replicates=1, baselines=(), retrain=3, continue_winners=1)
    journal = read(run(study, tmp_path).directory)
    assert len(save_winners(journal, [problem], 1)) == 2 * len(FIVE)
    cells = retrained_cells(retrainings_frame(journal), summarise(journal).problems["noise"].finals, problem.objective)
    assert list(cells["tuner"]) == list(FIVE)
    # 2,000 test pictures: a guess scores 0.25 with a standard deviation of 0.0097.
    assert (cells["test"] - 0.25).abs().max() < 5 * 0.0097
    # The best of five and more guesses on 40 pictures (standard deviation 0.068) looks better than it is.
    assert (cells["optimism"] > 0).all()
    assert cells["optimism"].mean() > 0.05
    folder = journal.directory / "models"
    assert {tuner for _, tuner in winners(journal)} == set(FIVE)
    assert {path.stem for path in folder.glob("*.keras")} == {*FIVE, *(f"{tuner}-continued" for tuner in FIVE)}
    journal = read(journal.directory)

    def accuracy(model: keras.Model) -> float:
        x, y = noise().test
        return float(np.mean(np.argmax(model(x), axis=1) == y))

    for tuner in FIVE:
        record, winner = journal.winners["noise", tuner], winners(journal)["noise", tuner]
        assert record.test == winner.test  # trained once more from its seed, it is the same model
        model = keras.saving.load_model(folder / f"{tuner}.keras")
        assert accuracy(model) == pytest.approx(record.test["accuracy"])
        continued = keras.saving.load_model(folder / f"{tuner}-continued.keras")
        assert (
            int(continued.optimizer.iterations) - int(model.optimizer.iterations) == 4
        )  # 120 samples in batches of 32
        assert accuracy(continued) == pytest.approx(record.continued["accuracy"])
    assert save_winners(journal, [problem], 1) == []  # all there already
