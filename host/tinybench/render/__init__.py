"""From a compiled model to files: the model's sources and the PlatformIO project."""
