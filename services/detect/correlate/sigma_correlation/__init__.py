"""Sigma correlation rules on event time: findings in, conclusions out."""
