"""What a study of several problems says over all of them.

Imports: words, statistics, journal, analysis.

    draws           draws: problems that share data are one draw of a problem
    measured        Measured: the tuners of each problem in spreads, and what could not be measured
    over_problems   OverProblems, over_problems: pairs, the tuner to take, stability
    variation       where a tuner is better and where it is worse, and what sets these problems apart
    sentences       all this in words
"""
