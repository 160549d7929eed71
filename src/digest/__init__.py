"""digest: stored items become a weekly mail that fits what each subscriber follows, sent once and accounted for."""
