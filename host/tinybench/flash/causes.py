"""What esptool, PlatformIO, pyserial, the boot ROM and ESP-IDF say when flashing fails.

One row per cause; the first whose words are found is the one, so that what is certain comes before
what may have many reasons. tests/unit/flash/failure_logs.toml holds a real log for every row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tinybench.build.diagnose import OFFLINE
from tinybench.errors import BuildError, LinkError, TinybenchError, ToolMissing

BY_HAND = {
    "auto": "hold BOOT (IO0), press and let go EN (RST), let go BOOT; then flash again",
    "unguarded": "on the -MB base: hold IO0, press and let go RST, let go IO0; on a plain adapter: "
    "join IO0 and GND, press RST, flash again, then part them and press RST",
    "manual": "join GPIO0 and GND, press RST (or unplug and plug in), flash again; "
    "then part them and press RST",
    "usb": "hold BOOT (B), plug in the USB cable, let go; then flash again",
}
"""How a board is put into its bootloader by hand, by what DTR and RTS do on it (link.reset)."""


@dataclass(frozen=True)
class Cause:
    """A reason why flashing fails.

    Attributes:
        name: for tests and scripts.
        words: a regular expression for what is said, of which named groups go into ``seen``.
        seen: in our words.
        todo: what to do; {port}, {chip}, {board}, {platform} and {by_hand} are filled in.
        error: what it is.
    """

    name: str
    words: str
    seen: str
    todo: str
    error: type[TinybenchError]
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(self.words, re.DOTALL))


CAUSES = (
    Cause(
        "wrong-chip",
        r"This chip is (?P<is>[\w() -]+?),? not (?P<wanted>[\w-]+)\. Wrong (--chip|chip) argument",
        "the chip is {is}, the firmware is for {wanted}",
        "name the board that is plugged in: `tinybench boards` lists them with their chips",
        BuildError,
    ),
    Cause(
        "wrong-image",
        r"(?:'(?P<a>[^'\n]+)'|(?P<b>[^\s]+)) is not an (?P<wanted>ESP32[\w-]*) image",
        "{file} is not an image for {wanted}",
        "make the image for this board: `tinybench build --merged --board {board}`",
        BuildError,
    ),
    Cause(
        "chip-revision",
        r"requires chip revision (?P<needs>.*?) \(this chip is revision (?P<is>[^)]+)\)",
        "the firmware needs chip revision {needs}, this one is {is}",
        "use a newer board, or lower CONFIG_{chip}_REV_MIN in the project's sdkconfig",
        BuildError,
    ),
    Cause(
        "secure",
        r"(Secure Boot( V1)? detected|Detected flash encryption|flash encryption enabled and)",
        "secure boot or flash encryption is burnt into this chip",
        "use a board without them: tinybench flashes plain firmware only",
        BuildError,
    ),
    Cause(
        "flash-too-small",
        r"(will not fit in (?P<has>\d+) bytes of flash"
        r"|is larger than the available flash size of (?P<size>\w+)"
        r"|[Dd]etected size\((?P<kb>\w+)\) smaller than the size in the binary image header)",
        "the flash chip is smaller than {board}'s: {has}",
        "a board file of your own with the flash that it has (memory.flash_bytes and "
        "build.partitions): see boards/README.md",
        BuildError,
    ),
    Cause(
        "flash-chip",
        r"(Failed to communicate with the flash chip|flash read err, 1000)",
        "the chip does not reach its flash",
        "take out an SD card and whatever is on the strapping pins (ESP32: GPIO12, GPIO2, GPIO15), "
        "then flash again",
        LinkError,
    ),
    Cause(
        "interrupted",
        r"(Writing at 0x|Compressed \d+ bytes).*(Lost connection, retrying|returned no data"
        r"|The chip stopped responding|Input/output error|Device not configured|Write timeout"
        r"|ClearCommError failed|WriteFile failed|Serial data stream stopped"
        r"|Packet content transfer stopped|Invalid head of packet)",
        "the connection broke while the flash was being written",
        "nothing is lost for good, the bootloader in ROM stays: plug in again and run the same "
        "command; with a shorter cable or ESPBAUD=115200 if it breaks again",
        LinkError,
    ),
    Cause(
        "port-forbidden",
        r"(could not open port[^\n]*Permission denied|Permission denied: '/dev/)",
        "this user may not use {port}",
        "sudo usermod -a -G dialout $USER (on Arch: uucp), then log in again",
        LinkError,
    ),
    Cause(
        "port-busy",
        r"(Could not exclusively lock port|Resource busy|Device or resource busy"
        r"|Resource temporarily unavailable|Access is denied)",
        "another program has {port} open",
        "end it: a serial monitor, an IDE, another flash or bench; on Linux `fuser -v {port}` "
        "names it",
        LinkError,
    ),
    Cause(
        "port-unknown",
        r"could not open port[^\n]*(No such file|FileNotFoundError|No such device)",
        "there is no {port}",
        "plug the board in, with a cable that carries data; `tinybench ports` lists what is there",
        LinkError,
    ),
    Cause(
        "no-port",
        r"Please specify .upload_port. for environment",
        "PlatformIO found no serial port",
        "plug the board in, with a cable that carries data; `tinybench ports` lists what is there; "
        "then name it with --port",
        LinkError,
    ),
    Cause(
        "brown-out",
        r"(Brownout detector was triggered|BROWN_?OUT|BROWNOUT_RST)",
        "the supply voltage broke down (brown-out)",
        "feed 5 V to the 5V pin, not 3.3 V; a short thick cable, no unpowered hub; 220 uF or more "
        "across the supply",
        LinkError,
    ),
    Cause(
        "stays-in-bootloader",
        r"boot:0x[0-9a-f]+ \(DOWNLOAD[^)]*\)+\s*(\d[\d:. >-]*)?waiting for download",
        "the chip waits in its bootloader instead of running the firmware",
        "part GPIO0 from GND, press RST; with a terminal program, set DTR and RTS off",
        LinkError,
    ),
    Cause(
        "manual-bootloader",
        r"Wrong boot mode detected \((?P<mode>0x[0-9a-fA-F]+)\)",
        "the chip started its program ({mode}) instead of the bootloader",
        "{by_hand}",
        LinkError,
    ),
    Cause(
        "wire-to-chip",
        r"The serial TX path seems to be down",
        "the chip is in its bootloader and hears nothing",
        "look at the wire from the adapter's TX to the chip's RX (U0R), and at GND",
        LinkError,
    ),
    Cause(
        "baud",
        r"(Changing baud ?rate to \d+.*(Unable to verify flash chip connection"
        r"|The chip stopped responding|Timed out waiting for packet|No serial data received"
        r"|Invalid head of packet)|Failed to set baud rate)",
        "the chip was found, but not at the higher speed",
        "ESPBAUD=115200 with the same command; for good: link.upload_baud in a board file",
        LinkError,
    ),
    Cause(
        "disconnected",
        r"(device disconnected or multiple access on port|Device not configured"
        r"|Input/output error|ClearCommError failed)",
        "{port} went away, or another program reads from it",
        "plug in again, try another cable; end serial monitors",
        LinkError,
    ),
    Cause(
        "damaged-write",
        r"(MD5 of file does not match data in flash|the written flash region is empty"
        r"|Verification failed)",
        "the flash does not hold what was written",
        "flash again with ESPBAUD=115200; if it stays so, the flash chip is worn or fake",
        LinkError,
    ),
    Cause(
        "silent",
        r"(No serial data received|Timed out waiting for packet header"
        r"|Could not connect to an Espressif device)",
        "no answer from a bootloader",
        "{by_hand}. If that does not help: a cable that carries data, the right port "
        "(`tinybench ports`), TX and RX crossed, 5 V",
        LinkError,
    ),
    Cause(
        "noise",
        r"(Possible serial noise or corruption|Invalid head of packet"
        r"|Packet content transfer stopped|Timed out waiting for packet content)",
        "what arrives is damaged",
        "a shorter cable, 5 V, GND connected; then ESPBAUD=115200 with the same command",
        LinkError,
    ),
    Cause(
        "no-network",
        OFFLINE,
        "PlatformIO cannot download what {board} needs",
        "install it once where there is a network: pio pkg install -g -p {platform}, and build "
        "once; or take an image made elsewhere with `tinybench build --merged`: "
        "`tinybench flash --image FILE` needs no network and no PlatformIO",
        ToolMissing,
    ),
)
