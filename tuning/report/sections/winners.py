"""The winners' part of a report: each tuner's winner, its configuration, learning curves, layers and predictions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuning.analysis.winners import best_winner, mean_score, record_of, winners
from tuning.formatting import MISSING, count, decimals_for, number, plural, setting
from tuning.journal.journal import Journal
from tuning.journal.records import Retraining
from tuning.journal.winner_record import BINS, Anatomy, Confusion, Scatter, Winner
from tuning.report.figures import winners as winner_figures
from tuning.report.figures.base import slugs
from tuning.report.figures.layer_graph import MAX_LAYERS, shape_of
from tuning.report.figures.winners import Picture
from tuning.report.tables.base import Entry, Table, table
from tuning.text import file_name

NOTE = (
    "A tuner's winner is the best of its searches' winners by the mean score on fresh seeds, and of its seeds the "
    "best, by validation: the test split chooses nothing. It was trained once more on that seed and saved with the "
    "weights that count. Cell and seed were picked for being the best, so its score is a little too good; so is the "
    'mean over its seeds, the best of several means. "What the winners are worth" has a tuner\'s average.'
)
MAX_EPOCH_ROWS = 20
MAX_COUNT_COLUMNS = 12  # classes; above, the table beside a matrix has no counts, only the picture
GROUPS = 8  # of true values, in the table beside predicted against true


@dataclass(frozen=True)
class Section:
    """One tuner's winner.

    Attributes:
        line: What it is worth, in one line.
        remarks: What readers must know, a sentence each.
        best: Whether it is the best of the problem's winners.
        curves: Its learning curves.
        epochs: Their numbers.
        predicted: What it predicts, with its numbers; None if `remarks` say why.
        layers: Its layers, if its model is saved.
        diagram: Its layers drawn, if possible.
    """

    tuner: str
    line: str
    remarks: tuple[str, ...]
    best: bool
    curves: tuple[Picture, ...]
    epochs: Table
    predicted: tuple[Picture, Table] | None = None
    layers: Table | None = None
    diagram: Picture | None = None

    @property
    def pictures(self) -> list[Picture]:
        rest = [self.predicted[0] if self.predicted else None, self.diagram]
        return [*self.curves, *(picture for picture in rest if picture is not None)]


@dataclass(frozen=True)
class Winners:
    """All winners of a problem; `configurations` has a column for each."""

    configurations: Table
    sections: tuple[Section, ...]


def winner_sections(journal: Journal) -> dict[str, Winners]:
    """By problem, if any tuner has a winner."""
    chosen = winners(journal)
    safe = slugs(list(journal.problems)) if journal.problems else {}
    by_problem = {}
    for problem in journal.problems:
        of_problem = {tuner: winner for (name, tuner), winner in chosen.items() if name == problem}
        if of_problem and not journal.problems[problem].noise_free:  # there, nothing was trained
            records = {tuner: record_of(journal, winner) for tuner, winner in of_problem.items()}
            means = {tuner: mean_score(journal, winner) for tuner, winner in of_problem.items()}
            best = best_winner(journal, of_problem.values())
            sections = [
                _section(
                    journal,
                    winner,
                    records[tuner],
                    f"winner{safe[problem]}_{place}_{file_name(tuner)}",
                    winner is best,
                )
                for place, (tuner, winner) in enumerate(of_problem.items(), start=1)
            ]
            by_problem[problem] = Winners(
                _configurations(journal, problem, of_problem, records, means), tuple(sections)
            )
    return by_problem


def _section(journal: Journal, winner: Retraining, record: Winner | None, name: str, best: bool) -> Section:
    rule = journal.objective(winner.cell.problem)
    test = winner.test.get(rule.test_metric, math.nan)
    scores = {rule.metric: winner.score, f"test {rule.test_metric}": test}
    line = ", ".join(f"{name} {number(score)}" for name, score in scores.items() if not math.isnan(score)) or "no score"
    curves = tuple(winner_figures.learning_curves(winner.curve, rule, name))
    epochs = epochs_table(winner.curve)
    if record is None:
        remark = "Its model is not saved: nothing can be said of its layers and of what it predicts."
        return Section(winner.cell.tuner, line, (remark,), best, curves, epochs)
    anatomy = record.anatomy
    remarks = list(anatomy.remarks)
    if anatomy.connected and len(anatomy.layers) > MAX_LAYERS:
        remarks.append(
            f"{plural(len(anatomy.layers), 'layer')} are listed and not drawn, as more than {MAX_LAYERS} are."
        )
    if record.further_epochs:
        on = record.continued.get(rule.test_metric, math.nan)
        then = "" if math.isnan(on) else f": test {rule.test_metric} {number(on)}, before {number(test)}"
        more = plural(record.further_epochs, "further epoch")
        remarks.append(f"After {more} on training and validation data together{then}.")
    shown = anatomy.predictions
    return Section(
        tuner=winner.cell.tuner,
        line=f"{line}; {anatomy.kind} of {plural(anatomy.parameters, 'parameter')}",
        remarks=tuple(remarks),
        best=best,
        curves=curves,
        epochs=epochs,
        predicted=None
        if shown is None
        else (winner_figures.predicted(shown, f"{name}_predicted"), predictions_table(shown)),
        layers=layers_table(anatomy),
        diagram=winner_figures.layers(anatomy, f"{name}_layers"),
    )


def _configurations(
    journal: Journal,
    problem: str,
    chosen: Mapping[str, Retraining],
    records: Mapping[str, Winner | None],
    means: Mapping[str, float],
) -> Table:
    """A row for each fact and hyperparameter, a column for each tuner's winner."""
    rule = journal.objective(problem)
    tests = [winner.test.get(rule.test_metric, math.nan) for winner in chosen.values()]
    places = decimals_for([*means.values(), *(winner.score for winner in chosen.values()), *tests])
    known = [records[tuner] for tuner in chosen]
    averaged = "its seeds" if journal.problems[problem].folds == 1 else "the search's folds"
    rows = [
        [f"{rule.metric}, mean over {averaged}", *(number(means[tuner], places) for tuner in chosen)],
        [f"{rule.metric} of the saved seed", *(number(winner.score, places) for winner in chosen.values())],
        [f"test {rule.test_metric} of that", *(number(test, places) for test in tests)],
        ["replicate", *(str(winner.cell.replicate) for winner in chosen.values())],
        ["trial", *(str(winner.trial) for winner in chosen.values())],
        ["parameters", *(count(record.anatomy.parameters) if record else MISSING for record in known)],
        ["saved in models/ as", *(record.file if record else MISSING for record in known)],
    ]
    rows += [
        [str(entry["name"]), *(setting(winner.configuration.get(str(entry["name"]))) for winner in chosen.values())]
        for entry in journal.problems[problem].space
    ]
    return table("The winner of each tuner", ["", *chosen], rows)


def epochs_table(curve: Sequence[Mapping[str, float]]) -> Table:
    """The metrics of each epoch, or of `MAX_EPOCH_ROWS` evenly spread, including the last."""
    metrics = list(dict.fromkeys(metric for epoch in curve for metric in epoch))
    shown = np.unique(np.linspace(1, len(curve), min(len(curve), MAX_EPOCH_ROWS)).round().astype(int))
    rows: list[list[str | Entry]] = [
        [Entry(str(at), float(at)), *(_number(curve[at - 1].get(metric, math.nan)) for metric in metrics)]
        for at in shown
    ]
    few = f", {len(shown)} of {count(len(curve))}" if len(shown) < len(curve) else ""
    return table(f"Metrics by epoch{few}", ["Epoch", *metrics], rows)


def layers_table(anatomy: Anatomy) -> Table:
    """The model's summary."""
    rows: list[list[str | Entry]] = [
        [
            layer.name if layer.call == 1 else f"{layer.name}, call {layer.call}",
            layer.kind,
            shape_of(layer),
            Entry(count(layer.parameters), float(layer.parameters)),
            ", ".join(anatomy.layers[source].name for source in layer.inputs) or MISSING,
        ]
        for layer in anatomy.layers
    ]
    fixed = anatomy.parameters - anatomy.trainable
    caption = f"{anatomy.kind}: {plural(anatomy.parameters, 'parameter')}, {count(fixed)} of them not trained"
    return table(caption, ["Layer", "Kind", "Output", "Parameters", "Inputs"], rows)


def predictions_table(predictions: Confusion | Scatter) -> Table:
    """The numbers of a confusion matrix, or of predicted against true."""
    return _confusion_table(predictions) if isinstance(predictions, Confusion) else _scatter_table(predictions)


def _confusion_table(predictions: Confusion) -> Table:
    counts = np.array(predictions.counts)
    few = len(predictions.classes) <= MAX_COUNT_COLUMNS
    columns = [
        "True class",
        *(predictions.classes if few else ()),
        "Samples",
        "Recall",
        "Precision",
        "Most often taken for",
    ]
    rows: list[list[str | Entry]] = []
    for place, name in enumerate(predictions.classes):
        samples, right = counts[place], int(counts[place, place])
        wrong = np.where(np.arange(len(samples)) == place, 0, samples)
        other = f"{predictions.classes[int(wrong.argmax())]} ({count(wrong.max())})" if wrong.any() else MISSING
        rows.append(
            [
                name,
                *([Entry(count(value), float(value)) for value in samples] if few else []),
                Entry(count(samples.sum()), float(samples.sum())),
                _share(right, int(samples.sum())),
                _share(right, int(counts[:, place].sum())),
                other,
            ]
        )
    return table("Samples by true class, and what they are taken for", columns, rows)


def _share(part: int, whole: int) -> str | Entry:
    return Entry(f"{part / whole:.1%}", part / whole) if whole else MISSING


def _scatter_table(predictions: Scatter) -> Table:
    """Mean prediction by true value, from the binned counts: exact to half a bin."""
    counts = np.array(predictions.counts)
    edges = np.linspace(predictions.low, predictions.high, BINS + 1)
    middles = (edges[1:] + edges[:-1]) / 2
    places = decimals_for(edges)
    rows: list[list[str | Entry]] = []
    for group in np.array_split(np.arange(BINS), GROUPS):
        samples = counts[group].sum(axis=0)
        if samples.sum():
            low, high = edges[group[0]], edges[group[-1] + 1]
            mean = float(samples @ middles / samples.sum())
            rows.append(
                [
                    Entry(f"{number(low, places)} to {number(high, places)}", float(low)),
                    Entry(count(samples.sum()), float(samples.sum())),
                    Entry(number(mean, places), mean),
                ]
            )
    return table("Mean prediction by true value, from binned samples", ["True", "Samples", "Mean prediction"], rows)


def _number(value: float) -> Entry:
    return Entry(f"{value:.4g}", value) if math.isfinite(value) else Entry(MISSING if math.isnan(value) else str(value))
