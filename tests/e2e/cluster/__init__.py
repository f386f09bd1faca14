"""The chart and the image on a real Kubernetes cluster, under a load that never pauses."""
