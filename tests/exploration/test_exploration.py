from __future__ import annotations

from tuning.exploration.exploration import Search, search_json


def test_inactive_hyperparameters_are_absent(search: Search) -> None:
    adam = search.trials[search.trials["hp.optimizer"] == "adam"]
    assert adam["hp.momentum"].isna().all()
    assert adam["at.momentum"].isna().all()
    assert search.trials.loc[search.trials["hp.optimizer"] == "sgd", "hp.momentum"].notna().all()


def test_a_continued_trial_has_reached_what_its_parents_trained_too(search: Search) -> None:
    promoted = search.trials[(search.trials["tuner"] == "kt-hyperband") & (search.trials["trial"] == 2)]
    assert set(promoted["reached"]) == {4}
    assert promoted["full"].all()
    first = search.trials[(search.trials["tuner"] == "kt-hyperband") & (search.trials["trial"] == 0)]
    assert not first["full"].any()


def test_failed_and_cut_trials_are_not_full(search: Search) -> None:
    assert not search.trials.loc[search.trials["state"].isin(["FAILED", "CUT"]), "full"].any()


def test_each_cell_with_a_score_has_one_incumbent(search: Search) -> None:
    best = search.trials[search.trials["incumbent"]]
    assert len(best) == len(search.trials.groupby(["tuner", "replicate"]))
    top = search.trials.groupby(["tuner", "replicate"])["score"].max()
    assert best.set_index(["tuner", "replicate"])["score"].to_dict() == top.to_dict()


def test_summary_has_its_frames(search: Search) -> None:
    assert set(search_json(search)) == {"boundary", "coverage", "importance", "rungs"}
    assert search.importance.note.startswith("No importance: 40 trials were trained in full")
    assert list(search.rungs["trials"]) == [12, 4, 4]
