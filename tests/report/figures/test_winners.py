from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np

from tests.support.golden_journal import CONFUSION, WINNERS
from tuning.journal.winner_record import BINS, Anatomy, Confusion, Layer, Scatter
from tuning.objective import Objective
from tuning.report.figures.layer_graph import MAX_LAYERS
from tuning.report.figures.winners import layers, learning_curves, predicted

CURVE = [{"accuracy": 0.5 + at / 10, "val_accuracy": 0.6 - abs(at - 2) / 10, "loss": 1 / at} for at in range(1, 5)]
HOSTILE = "</text><script>alert(1)</script>|&\x1b\u202e"


def test_curves_show_the_epoch_that_counts() -> None:
    best, loss = learning_curves(CURVE, Objective("val_accuracy", "max"), "w")
    assert best.caption == "The dashed line is epoch 2, the one that counts."
    assert best.description.startswith("accuracy by epoch, 4 epochs; at the end: training 0.9 and validation 0.4.")
    assert "training 0.25." in loss.description
    assert (best.name, loss.name) == ("w_1", "w_2")
    (last, _) = learning_curves(CURVE, Objective("val_accuracy", "max", "last"), "w")
    assert "epoch 4" in last.caption
    assert len(learning_curves(CURVE, Objective("loss", "min"), "w")) == 1


def test_what_is_not_finite_is_not_drawn() -> None:
    assert learning_curves([{"val_accuracy": math.nan}], Objective("val_accuracy", "max"), "w") == []
    curve = [{"val_loss": math.inf}, {"val_loss": 0.5}]
    (only,) = learning_curves(curve, Objective("val_loss", "min"), "w")
    assert "epoch 2" in only.caption


def test_a_matrix_tells_its_mistakes_and_has_the_counts() -> None:
    picture = predicted(CONFUSION, "w")
    assert picture.description == (
        "Confusion matrix on the test split: 27 of 30 samples are taken for what they are. Most often taken for "
        "another: naught for one|<i> 2 times and one|<i> for naught 1 times."
    )
    texts = [text.text for text in ElementTree.fromstring(picture.svg).iter() if text.text and text.text.strip()]
    assert {"8", "2", "1", "9", "10", "naught", "one|<i>"} <= set(texts)
    assert "0" not in texts


def test_classes_of_one_name_are_told_apart_and_many_are_drawn_small() -> None:
    same = Confusion("test", "", (HOSTILE, HOSTILE), ((1, 2), (3, 4)))
    ElementTree.fromstring(predicted(same, "w").svg)
    assert "1 for 0 3 times" in predicted(same, "w").description
    many = Confusion("test", "", tuple(map(str, range(100))), tuple(map(tuple, np.eye(100, dtype=int).tolist())))
    assert predicted(many, "w").description.endswith("100 of 100 samples are taken for what they are.")


def test_predicted_against_true_says_its_errors_and_what_lies_outside() -> None:
    counts = tuple(tuple(int(row == column) for column in range(BINS)) for row in range(BINS))
    picture = predicted(Scatter("test", "main", 0.0, 1.0, counts, 2, 0.125, 0.1, 0.9), "w")
    assert picture.description == (
        "Predicted against true values. 50 samples of the test split, output main: root mean squared error 0.1250, "
        "mean absolute error 0.1000, R² 0.900. 2 predictions beyond the axes."
    )
    ElementTree.fromstring(picture.svg)


def test_pictures_in_one_page_do_not_share_names() -> None:
    one, other = (predicted(CONFUSION, name) for name in "ab")
    assert 'id="part' not in one.inline
    assert one.svg == other.svg
    assert one.inline != other.inline or "part" not in one.svg


def test_layers_are_drawn_where_they_are_connected_and_few() -> None:
    chain, branches = (winner.anatomy for winner in WINNERS)
    drawn = layers(chain, "w")
    assert drawn is not None
    assert not drawn.wide
    assert "Dense dense (32, 2\u202f080 parameters; from input_layer)" in drawn.description
    assert layers(branches, "w") is not None
    assert layers(Anatomy("Mine", chain.layers, False, 1, 1), "w") is None
    many = tuple(Layer(str(at), "Dense", (), 0, (at - 1,) if at else ()) for at in range(MAX_LAYERS + 1))
    assert layers(Anatomy("Sequential", many, True, 1, 1), "w") is None
