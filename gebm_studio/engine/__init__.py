"""The engine: the loop that advances an experiment, and the process or thread that it lives in."""
