"""Windows events: which kinds carry facts, and what is read from each."""
