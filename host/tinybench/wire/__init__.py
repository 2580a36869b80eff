"""Every message declared once; frames and messages as pure functions.

``messages`` is the declaration, ``layout`` the notation it is written in, ``codec`` turns messages
into payloads and back, ``frame`` payloads into what travels. ``generate`` renders the C header and
docs/protocol.md from the same declaration.
"""
