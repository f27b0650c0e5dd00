"""The report's figures, each made once for the page and the SVG.

Imports: words, statistics, journal, analysis, exploration, report.

    base            Figure, and what all charts share
    render          DrawnBeside: SVGs drawn by another process
    vega_bundle     the scripts that draw charts in a page
    curves          best so far over epochs and over time
    curve_chart     its chart
    comparison      ranks, pairs, critical difference, profiles
    improvement     the chance that one tuner beats another
    over_problems   how far apart they are over all problems
    reaching        targets reached over the budget, speed-ups against random search
    endpoint        what one would have got at parts of the budget
    scores          figures: all of a study; final scores, states of trials
    trials          parallel coordinates and slices
    exploration     coverage, importance, rungs
    dependence      the score against one hyperparameter, and against two
    winners         learning curves, predictions and layers of winners
    layer_graph     a model's layers as a graph
"""
