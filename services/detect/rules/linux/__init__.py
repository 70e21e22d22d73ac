"""Rules for Linux: sshd."""
