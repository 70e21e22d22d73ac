"""Replay: recordings in, one report out; a virtual clock, armed against the lab only."""
