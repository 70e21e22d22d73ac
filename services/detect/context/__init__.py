"""context: events in, facts out; what correlation must know of events that no rule fired on."""
