"""Reads QR codes by ZBar, which Node has no free binding for.

Standard input holds pictures one after the other: width and height (unsigned 32 bits, little endian), then a byte of
brightness for each pixel. Each is answered by one line of JSON: the text that was read, or null. Needs libzbar0.
"""

import ctypes
import ctypes.util
import json
import struct
import sys

# Of zbar.h: the symbology, the setting that turns it on, and the format of eight bits a pixel.
ZBAR_QRCODE = 64
ZBAR_CFG_ENABLE = 0
Y800 = int.from_bytes(b"Y800", "little")

POINTER, UNSIGNED, INT, LONG = ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_ulong

# Function: its result and arguments. Undeclared pointers would be cut to 32 bits.
FUNCTIONS = {
    "zbar_image_scanner_create": (POINTER, []),
    "zbar_image_scanner_set_config": (INT, [POINTER, INT, INT, INT]),
    "zbar_image_create": (POINTER, []),
    "zbar_image_destroy": (None, [POINTER]),
    "zbar_image_set_format": (None, [POINTER, LONG]),
    "zbar_image_set_size": (None, [POINTER, UNSIGNED, UNSIGNED]),
    "zbar_image_set_data": (None, [POINTER, ctypes.c_char_p, LONG, POINTER]),
    "zbar_scan_image": (INT, [POINTER, POINTER]),
    "zbar_image_first_symbol": (POINTER, [POINTER]),
    "zbar_symbol_get_data": (ctypes.c_char_p, [POINTER]),
}


def load_zbar():
    name = ctypes.util.find_library("zbar")
    if name is None:
        sys.exit("The library of ZBar is missing: install libzbar0 (Debian), zbar (Homebrew).")
    zbar = ctypes.CDLL(name)
    for function, (result, arguments) in FUNCTIONS.items():
        getattr(zbar, function).restype = result
        getattr(zbar, function).argtypes = arguments
    return zbar


def make_scanner(zbar):
    """A scanner for QR codes alone, with ZBar's other settings as they are."""
    scanner = zbar.zbar_image_scanner_create()
    zbar.zbar_image_scanner_set_config(scanner, 0, ZBAR_CFG_ENABLE, 0)
    zbar.zbar_image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1)
    return scanner


def read(zbar, scanner, pixels, width, height):
    """The text of the first code in a picture, or None."""
    image = zbar.zbar_image_create()
    try:
        zbar.zbar_image_set_format(image, Y800)
        zbar.zbar_image_set_size(image, width, height)
        zbar.zbar_image_set_data(image, pixels, len(pixels), None)
        zbar.zbar_scan_image(scanner, image)
        symbol = zbar.zbar_image_first_symbol(image)
        return zbar.zbar_symbol_get_data(symbol).decode("utf-8", "replace") if symbol else None
    finally:
        zbar.zbar_image_destroy(image)


def main():
    zbar = load_zbar()
    scanner = make_scanner(zbar)
    header = sys.stdin.buffer.read(8)
    while len(header) == 8:
        width, height = struct.unpack("<II", header)
        pixels = sys.stdin.buffer.read(width * height)
        print(json.dumps(read(zbar, scanner, pixels, width, height)))
        header = sys.stdin.buffer.read(8)


main()
