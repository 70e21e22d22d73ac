"""match: events in, findings out; every Sigma rule on every event, stateless."""
