"""The door: the command line, and the all-in-one process for one machine."""
