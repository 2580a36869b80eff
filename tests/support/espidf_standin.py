"""Header stand-ins for ESP-IDF v5.5.3: support/espidf/*.h under the names that ESP-IDF gives them.

Their signatures are those of the real headers, as `tools/espidf compile` checks.
"""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).with_name("espidf")
_NAMES = (
    "driver/uart.h",
    "driver/usb_serial_jtag.h",
    "esp_chip_info.h",
    "esp_clk_tree.h",
    "esp_cpu.h",
    "esp_err.h",
    "esp_flash.h",
    "esp_heap_caps.h",
    "esp_idf_version.h",
    "esp_mac.h",
    "esp_psram.h",
    "esp_random.h",
    "esp_system.h",
    "esp_task_wdt.h",
    "esp_timer.h",
    "freertos/FreeRTOS.h",
    "freertos/task.h",
    "soc/uart_pins.h",
)
# For compilers that come without a C library.
_LIBC = {
    "string.h": "void *memcpy(void *, const void *, size_t);\n"
    "void *memset(void *, int, size_t);\n"
    "int memcmp(const void *, const void *, size_t);\n"
    "size_t strlen(const char *);\n",
    "stdio.h": "int snprintf(char *, size_t, const char *, ...)"
    " __attribute__((format(printf, 3, 4)));\n",
}


def write_headers(folder: Path, *, target: str, psram: bool = False, libc: bool = False) -> Path:
    """Writes the headers and returns their folder.

    Args:
        folder: where.
        target: "esp32", "esp32s3" or "esp32c3".
        psram: as sdkconfig has it.
        libc: with what the port needs of a C library.
    """
    for name in _NAMES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('#include "espidf.h"\n')
    (folder / "espidf.h").write_text(
        f'#include "{_FOLDER / "types.h"}"\n#include "{_FOLDER / "prototypes.h"}"\n'
    )
    spiram = "#define CONFIG_SPIRAM 1\n" if psram else ""
    (folder / "sdkconfig.h").write_text(f'#define CONFIG_IDF_TARGET "{target}"\n{spiram}')
    for name, text in _LIBC.items() if libc else ():
        (folder / name).write_text(f"#pragma once\n#include <stddef.h>\n{text}")
    return folder
