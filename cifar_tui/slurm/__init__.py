"""Runs handed to Slurm: submitted, followed and cancelled; each is a job that trains one run of the shared home."""
