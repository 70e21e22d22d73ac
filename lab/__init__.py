"""Vendor products simulated behind their real HTTP APIs, with faults; recordings of our own."""
