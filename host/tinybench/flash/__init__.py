"""Firmware onto a board. A virtual board's flash is a slot in the project folder."""
