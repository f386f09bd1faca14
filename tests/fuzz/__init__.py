"""Hostile input for the code that reads the upstream's bytes. Only clean errors may result. `make fuzz`."""
