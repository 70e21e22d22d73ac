"""correlate: findings and facts in, incidents out."""
