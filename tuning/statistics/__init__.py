"""Statistics on arrays and numbers. Nothing here knows what a study, a tuner or a journal is.

Imports: words.

    block_ranks   block_rank_p: one value of each block against the others
    bootstrap     CONFIDENCE, BOOTSTRAP_SEED
    choice        Choice, choose: which tuner to take now, and what a wrong choice is expected to cost
    components    components: what makes scores differ, the split, the search or the training
    effects       effects: differences between tuners in spreads, a unit that problems share
    equality      whether a mean difference is smaller than what matters
    gaussian_process   fit: a smooth model of noisy values, and its averages
    hierarchy     worth: the model behind a choice over problems
    intervals     exact intervals of medians and shares, Student's of means
    meta          together: pairs of tuners over several problems
    overtuning    lost: whether a search ended at something truly worse than it had
    posterior     the model behind a choice, and draws from it
    power         critical values, replicates needed
    rank_sum      two independent samples: test, shift, chance of winning
    ranks         rank_test, critical_difference
    resampled     corrected_variance, resampled_t: scores over several splits of one data set
    sequential    Rule, p_values: tests that allow a look after each replicate
    signed_rank   signed_rank_p, holm, shift_estimate
"""
