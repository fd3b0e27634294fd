"""Run folders: keeping, queueing, executing and watching them."""
