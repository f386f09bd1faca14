"""The command line: what runs a bridge, and what calls one."""
