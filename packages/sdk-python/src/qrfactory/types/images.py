"""Images: how they look, what they hold, what is said of them."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Dict, List, Literal, Optional, TypedDict, Union

from .common import FieldErrors

ImageFormat = Literal["png", "svg", "pdf", "eps", "jpeg"]
ErrorCorrection = Literal["L", "M", "Q", "H"]
DataType = Literal[
    "url", "text", "vcard", "wifi", "email", "sms", "phone", "geo", "event", "dynamic"
]

#: A picture: bytes, the path of a file, an open file, or text with base64 or a data URL.
Picture = Union[str, bytes, "os.PathLike[str]", BinaryIO]


class Design(TypedDict, total=False):
    """Everything about an image but its content."""

    format: ImageFormat
    #: Pixels, 100 to 2000; or else ``size_inches`` with ``dpi``.
    size: int
    size_inches: float
    dpi: int
    error_correction: ErrorCorrection
    #: Modules, 0 to 16.
    quiet_zone: int
    text_encoding: Literal["auto", "utf-8", "utf-8-eci", "latin-1"]
    color: str
    background: str
    pattern: Literal[
        "squares",
        "rounded",
        "dot",
        "diamond",
        "liquid",
        "connected-h",
        "connected-v",
        "hexagon",
        "star",
        "halftone",
        "frame",
    ]
    gradient_from: str
    gradient_to: str
    gradient_type: Literal["vertical", "horizontal", "diagonal", "radial"]
    eye_shape: Literal["square", "rounded", "circle", "frame"]
    eye_border_shape: Literal[
        "square", "rounded", "circle", "leaf-tl", "leaf-tr", "leaf-br", "leaf-bl", "frame"
    ]
    eye_center_shape: Literal[
        "square", "rounded", "circle", "leaf-tl", "sunburst", "star", "diamond", "cross"
    ]
    eye_color: str
    eye_border_color: str
    eye_center_color: str
    frame_style: Literal["none", "box", "rounded", "banner-bottom", "banner-top", "ticket"]
    frame_color: str
    frame_label: str
    frame_label_color: str
    logo_url: str
    logo_size_ratio: float
    logo_clear_zone: bool
    logo_neon_alpha: int
    background_image_url: str
    #: ``strict`` refuses what would not scan, ``report`` delivers it with its score, ``off`` does
    #: not look.
    scan_check: Literal["strict", "report", "off"]


class Pictures(TypedDict, total=False):
    """Pictures of a design."""

    logo: Picture
    background_image: Picture


class Content(TypedDict, total=False):
    """What an image holds: ``data`` of a url or a text, ``payload`` of all else."""

    data_type: DataType
    data: str
    #: Fields of a contact, a network and so on; of ``dynamic`` a ``short_id``, or the fields of a
    #: new code.
    payload: Dict[str, Any]


class ImageRequest(Content, Design, Pictures, total=False):
    """All fields of an image."""


class Warning(TypedDict):
    """Something that may disappoint."""

    code: str
    message: str


class SymbolFigures(TypedDict):
    """The symbol that would be drawn."""

    version: int
    modules: int
    error_correction: ErrorCorrection
    modes: List[str]


class PrintFigures(TypedDict):
    """The image on paper."""

    width_mm: float
    module_mm: float
    quiet_zone_mm: float
    max_scan_distance_mm: float


class LogoFigures(TypedDict):
    """Shares of the symbol that a logo covers, and may cover."""

    area: float
    budget: float


class Validation(TypedDict):
    """What would become of a request."""

    valid: bool
    #: What ``generate`` would refuse with.
    code: Optional[str]
    errors: FieldErrors
    warnings: List[Warning]
    symbol: Optional[SymbolFigures]
    print: Optional[PrintFigures]
    contrast_ratio: Optional[float]
    logo: Optional[LogoFigures]
    scan_score: Optional[float]
    pixels: Optional[int]
