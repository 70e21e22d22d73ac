"""Guards: each judges a plan by one kind of fact. One file each, bound to ``GUARD``."""
