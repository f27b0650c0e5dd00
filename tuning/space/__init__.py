"""The search space: recorded once from `build_model(hp)`, and the same for every library.

Imports: words.

    hyperparameter          one hyperparameter: its values, its conditions, its JSON
    space                   Space: what is searched
    beforehand              Beforehand: hyperparameters declared before that code runs
    recorder                record: runs the code that declares a space
    converters              converts the space for KerasTuner, scikit-learn, Optuna and the others
    keras_tuner_internals   private parts of KerasTuner
    sampling_check          check: do all libraries draw alike?
"""
