"""Ways for mail to reach this machine."""
