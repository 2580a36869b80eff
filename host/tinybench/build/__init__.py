"""From a rendered project to an ELF and its facts; PlatformIO does the building."""
