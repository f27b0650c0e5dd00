"""What a study of several problems says over all of them.

Imports: words, statistics, journal, analysis.

    draws           draws: problems that share data are one draw of a problem
    choice          ChoiceOverProblems: the tuner to take for problems like these
    measured        Measured: the tuners of each problem in spreads, and what could not be measured
    over_problems   OverProblems, over_problems: pairs, tuners, stability
    variation       where a tuner is better and where it is worse, and what sets these problems apart
    sentences       all this in words
"""
