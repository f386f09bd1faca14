"""Responses that upstreams were seen to send in place of valid ones, and the expected outcomes."""
