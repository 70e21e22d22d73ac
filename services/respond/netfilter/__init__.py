"""The packet filter of a Linux host: what we put into it, and how to reach it."""
