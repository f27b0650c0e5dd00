"""Imports searches that were run in other libraries, as a study's journal.

Imports: words, journal.

    importing     import_searches
    folder        nothing_left_of_a_failure
    search        ImportedSearch, ImportedTrial: what a library recorded
    keras_tuner   read_project
    optuna        read_storage
"""
