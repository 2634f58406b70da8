"""How a vendor over HTTP learns who we are, the same for every dialect; all of it from the job's connection."""
