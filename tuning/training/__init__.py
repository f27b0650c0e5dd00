"""One configuration becomes a trained model. Nothing here knows a budget, a tuner or a study.

Imports: words, journal, space.

    recipe           Recipe: model code, data and arguments of a problem
    request          TrainingRequest, RetrainingRequest: what is asked for
    trainer          train_epochs: the one path that trains
    fit              Fit: what `model.fit` is during a trial
    hypermodel_fit   call_fit: a user's own `fit`, called as KerasTuner calls it
    fit_arguments    arguments of `model.fit`, complete and checked
    compiled_epoch   fit: a whole epoch in one compiled call
    keras_loop       fit_by_keras: Keras' own loop over the same batches
    resident         Resident: tensors that all trials share
    graph_cache      Traces: compiled epochs that are kept
    outcome          Outcome: what a training leaves
    state            read_state, write_state: what a continued training goes on from
    session          what Keras keeps between trainings
    probe            record_space, probe: what is known before a search
    winner/          a trained model saved, described and shown
    internals/       private parts of Keras and TensorFlow
"""
