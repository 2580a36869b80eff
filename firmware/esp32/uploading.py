"""PlatformIO runs this after its platform: ESPPORT and ESPBAUD are heard, as by ESP-IDF's tools."""

import os

Import("env")  # noqa: F821 - SCons gives it

if os.environ.get("ESPPORT") and not env.subst("$UPLOAD_PORT"):  # noqa: F821
    env.Replace(UPLOAD_PORT=os.environ["ESPPORT"])  # noqa: F821
if os.environ.get("ESPBAUD"):
    env.Replace(UPLOAD_SPEED=os.environ["ESPBAUD"])  # noqa: F821
