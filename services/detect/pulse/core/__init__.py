"""The decisions of pulse. Pure: time is an argument."""
