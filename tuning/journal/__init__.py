"""The journal: a study's append-only truth on disk, what reads and writes it, and its rows as data frames.

Imports: words, process.

    records         Cell, Trial, Retraining, CellEnd: what a line of the journal holds
    winner_record   Winner, Anatomy: a saved winner, described
    journal         Journal, read
    writer          JournalWriter
    frames          trials_frame, epochs_frame, retrainings_frame
    incumbents      incumbent_trials: the trials that were the best so far
    provenance      what a reader must know of scores that were not trained here
    merge           compared: several journals as one study
    importing       import_searches: a journal from other libraries' own records
"""
