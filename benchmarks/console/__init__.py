"""What officers wait for."""
