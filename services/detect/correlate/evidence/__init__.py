"""Rules on facts, one file each: what they say of one node of the causal graph."""
