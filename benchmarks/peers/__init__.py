"""The tools people would use otherwise, each as its own documentation says to use it."""
