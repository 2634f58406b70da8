"""What the acceptance and fault tests share: the console script, courts, and a judge of what happened."""
