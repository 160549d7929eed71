"""Where and when deliveries run."""
