"""What mail providers post to us: their reports made into those that a bounce mail makes, and whether they are theirs."""
