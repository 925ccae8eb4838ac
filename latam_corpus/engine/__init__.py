"""Run tasks in this process, in worker processes, with Ray or on Slurm, and datatrove's blocks as stages."""
