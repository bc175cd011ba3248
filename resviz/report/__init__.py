"""What runs say, in words and figures that need neither a window nor a display."""
