"""The deployables. They meet only on topics and never import one another."""
