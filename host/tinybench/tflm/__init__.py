"""TensorFlow Lite Micro as an engine: its ops, its sources, and a model as it runs it."""
