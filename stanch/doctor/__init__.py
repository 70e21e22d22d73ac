"""Doctor: what is wrong with this set-up, and the cure. It changes nothing."""
