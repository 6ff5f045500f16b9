"""What makes the load, each a process of its own on the generator's core."""
