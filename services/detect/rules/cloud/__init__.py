"""Rules for clouds: AWS CloudTrail."""
