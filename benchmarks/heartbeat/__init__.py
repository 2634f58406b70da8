"""What it costs to watch over vendors."""
