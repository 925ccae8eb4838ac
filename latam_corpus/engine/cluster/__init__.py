"""Run tasks on Slurm clusters: jobs, workers and the site file."""
