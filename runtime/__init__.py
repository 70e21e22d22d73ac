"""Plumbing: the log, delivery, the ledger, plug-ins, configuration, telemetry."""
