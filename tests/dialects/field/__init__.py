"""What upstreams have been seen to send where a response was expected, and what it has to come to."""
