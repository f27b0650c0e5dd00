"""Turns one configuration into a trained model. Nothing here knows about budgets, tuners or studies.

Imports: words, process, journal, space.

    recipe           Recipe: model code, data and arguments of a problem
    request          TrainingRequest, RetrainingRequest: what is asked for
    trainer          train_epochs: the one path that trains
    fit              Fit: what `model.fit` is during a trial
    hypermodel_fit   call_fit: a user's own `fit`, called as KerasTuner calls it
    fit_result       score_of: what that `fit` returned, as a score
    watcher          Watcher: the callback that counts a training's epochs and ends it
    held_out         scores_on_test: the trained model on the test split, or why not
    fit_arguments    arguments of `model.fit`, complete and checked
    compiled_epoch   fit: a whole epoch in one compiled call
    keras_loop       fit_by_keras: Keras' own loop over the same batches
    resident         Resident: tensors that all trials share
    graph_cache      Traces: cached compiled epochs
    outcome          Outcome: the result of a training
    memory           check: models too large for a trial
    state            read_state, write_state: what a training continues from
    session          what Keras keeps between trainings
    probe            record_space, probe: what is known before a search
    winner/          a trained model saved, described and shown
    internals/       private parts of Keras and TensorFlow
"""
