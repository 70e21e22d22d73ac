"""The fast engine: necessary literals find the few events that a rule could fire on; the plain engine judges those."""
