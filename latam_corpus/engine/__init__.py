"""Engines: in this process, in worker processes, with Ray, or on a Slurm cluster; and datatrove's blocks as stages."""
