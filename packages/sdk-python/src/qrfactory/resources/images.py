"""Images: drawn, previewed, judged, forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping, TypeVar

from ..http.calls import D, endpoint
from ..http.effects import Flow, WithResponse
from ..http.transport import Call, RequestOptions, read_json, split_options
from ..image import QRImage, read_image
from ..pictures import with_base64
from ..types.images import ImageRequest, Validation
from ._base import JsonResource, part_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

T = TypeVar("T")


class ImageCall(ImageRequest, RequestOptions, total=False):
    """Fields of an image, and options of the call."""


class Images(JsonResource[D]):
    """The calls of a client that are about one image."""

    @endpoint
    def generate(
        self, *, fresh: bool = False, **image: Unpack[ImageCall]
    ) -> Flow[WithResponse[QRImage]]:
        """Draw an image; costs a credit. With a new ``dynamic`` payload it makes the code, too.

        ``fresh`` draws anew what the cache holds, and replaces it.
        """
        creates = image.get("data_type") == "dynamic" and "name" in image.get("payload", {})
        headers = {"cache-control": "no-cache"} if fresh else {}
        return self._post("generate", image, read_image, creates=creates, headers=headers)

    @endpoint
    def preview(self, **image: Unpack[ImageCall]) -> Flow[WithResponse[QRImage]]:
        """Draw an image small and marked as a preview, free of charge."""
        return self._post("preview", image, read_image)

    @endpoint
    def validate(self, **image: Unpack[ImageCall]) -> Flow[WithResponse[Validation]]:
        """Say what would become of an image, free of charge."""
        return self._post("validate", image, read_json)

    @endpoint
    def forget_image(
        self, cache_key: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[None]]:
        """Make the cache forget an image that the workspace has drawn."""
        return self._nothing("DELETE", f"/api/v1/cache/{part_of(cache_key)}/", options=options)

    def _post(
        self, name: str, image: Mapping[str, Any], read: Callable[..., T], **call: Any
    ) -> Flow[WithResponse[T]]:
        fields, options = split_options(image)
        path = f"/api/v1/{name}/"
        sent = Call("POST", path, body=with_base64(fields), options=options, **call)
        return self._transport.fetch(sent, read)
