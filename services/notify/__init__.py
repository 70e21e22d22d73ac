"""notify: incidents and holds in, people told."""
