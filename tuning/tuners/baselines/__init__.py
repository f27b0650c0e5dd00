"""What tuners are compared with.

Imports: words, journal, space, training, problems, evaluation, tuners.

    default         Default: the space's default configuration
    random_search   Random2x: random search with twice the budget
    screening       Screening: many configurations for one epoch, then the best few in full
    fixed_model     PlainBaseline: its own model instead of a search
    keras_model     KerasBaseline
    sklearn_model   SklearnBaseline
"""
