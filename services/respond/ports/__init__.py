"""What respond needs of the world, and what its plug-ins promise. The pure parts use ``aims`` and ``guards`` alone."""
