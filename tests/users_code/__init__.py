"""Code as people write it for KerasTuner, one file a case in `cases/`, each searched by all five tuners.

To add a case, add a file `cases/NAME.py`. It holds the code as its user would have it, with

    search       `build_model(hp)`, a `kt.HyperModel` or its class
    data         a function without arguments that returns the splits
    HOLDS        what must hold: see `tests.users_code.holds.Holds`
    callbacks, fit_arguments, hyperparameters     if the user gives them to KerasTuner (optional)

Keep it tiny: a case is to cost under 4 s of processor time. Up to 32 samples, Keras' batch, are one batch an epoch, and
their order makes no difference: so what KerasTuner itself trains from the same seed has the same score, unless a layer
draws at random for each row, as Dropout does.
"""
