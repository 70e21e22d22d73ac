"""Windows events in their flat native form, whichever way they arrived: how each kind becomes an OCSF event."""
