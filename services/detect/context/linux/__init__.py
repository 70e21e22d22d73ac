"""Facts of Linux machines: who logged on over SSH, and who tried."""
