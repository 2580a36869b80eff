"""tinybench gets a neural network onto an ESP32 and proves that it works there."""

__version__ = "0.1.0"
