"""Numbers in, numbers out: how a change is told from noise. Standard library alone, and nothing of mlbot.

==============  ======================================================================
distributions   normal and t: tails and quantiles
shift           an estimated difference and its error: Welch, paired t, z, intervals
exact           tests that count: Mann-Whitney, sign flip, McNemar
families        many tests at once: Holm, Benjamini and Hochberg
planning        how many values or examples would tell
segments        outliers, and shifts of level, in a row of values
band            what the runs of main explain of a new value
==============  ======================================================================
"""
