"""Beside the steps: the runs of main, each one commit on the branch ``mlbot/NAME``.

========  ================================================================
write     keep a run
log       read the last of them
ancestry  which commits come before another
thin      leave out points of long series
========  ================================================================
"""
