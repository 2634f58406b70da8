"""``letterbox.v1``: an adapter for HMS-SYN, and the pretend vendor it is tested against."""
