"""The model: read into a typed graph, looked at, and run on the desktop."""
