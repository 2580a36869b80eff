"""How values are written in our TOML files, for errors that ask for another kind."""

from __future__ import annotations

from types import MappingProxyType

NOTATION = MappingProxyType(
    {
        str: "write it in quotes",
        int: "write a whole number, without quotes",
        float: "write a number, without quotes",
        bool: "write true or false, without quotes",
        tuple: "write a list, in brackets",
    }
)
"""By the type that is wanted."""
