"""detect: events in, findings, facts and incidents out; one sub-package per process."""
