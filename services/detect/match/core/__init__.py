"""The decisions of match, pure: from a Sigma document to a predicate, from an event to its findings."""
