"""The chart and the image in a real Kubernetes cluster, under continuous load."""
