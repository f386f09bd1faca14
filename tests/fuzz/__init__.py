"""Hostile input for what reads the upstream's bytes. Nothing but a clean error may ever come out. `make fuzz`."""
