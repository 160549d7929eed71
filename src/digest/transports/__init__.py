"""Ways for mail to leave this machine."""
