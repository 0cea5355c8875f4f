"""Bulk orders: many images from a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterable, Literal, Mapping, Union

from ..errors import QRFactoryError
from ..http.calls import D, emitter, endpoint
from ..http.effects import Flow, WithResponse
from ..http.file import File, download
from ..http.listing import List
from ..http.transport import Form, RequestOptions, split_options, word_of
from ..pictures import Source, bytes_of, with_base64
from ..types.bulk import BulkDefaults, BulkForecast, BulkJob
from ._base import JsonResource
from .bulk_order import BulkOrder, follow_order, path_of
from .codes import PageCall

if TYPE_CHECKING:
    from typing_extensions import Unpack


class BulkCall(RequestOptions, total=False):
    """The rows of an order, as ``items`` or as a table ``csv`` with a header, and options."""

    items: Iterable[Mapping[str, Any]]
    #: Text, bytes, the path of a file, or an open file.
    csv: Union[str, Source]
    defaults: BulkDefaults
    #: Gives each row a dynamic code of its own.
    dynamic: bool
    #: Takes columns into the manifest that look like misspelt fields; of a table only.
    extra_columns: Literal["carry"]


class Bulk(JsonResource[D]):
    """Bulk orders of the workspace."""

    @endpoint
    def create(self, **order: Unpack[BulkCall]) -> Flow[WithResponse[BulkOrder[D]]]:
        """Place an order: every row is judged first, and either all are taken or none is."""
        answer = yield from self._post(order, creates=True)
        return WithResponse(self._order(answer.data), answer.response)

    @endpoint
    def dry_run(self, **order: Unpack[BulkCall]) -> Flow[WithResponse[BulkForecast]]:
        """Say what an order would make and cost, and which rows would not scan."""
        return self._post(order, creates=False, dry_run=True)

    @endpoint
    def get(
        self, order_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[BulkOrder[D]]]:
        """Return an order."""
        answer = yield from self._json("GET", path_of(order_id), options=options)
        return WithResponse(self._order(answer.data), answer.response)

    @endpoint
    def status(
        self, order_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[BulkJob]]:
        """Return the document of an order as it stands."""
        return self._json("GET", path_of(order_id), options=options)

    def list(self, **query: Unpack[PageCall]) -> List[D, BulkJob]:
        """List orders."""
        return List(self._transport, self._driver, "/api/v1/bulk/", query)

    @endpoint
    def cancel(
        self, order_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[None]]:
        """End an order; what was not drawn is given back."""
        return self._nothing("DELETE", path_of(order_id), options=options)

    @endpoint
    def download(
        self, order_id: str, **options: Unpack[RequestOptions]
    ) -> Flow[WithResponse[File[D]]]:
        """Return the ZIP; a download that breaks off goes on where it was."""
        return download(self, f"{path_of(order_id)}download/", {}, options)

    @emitter
    def events(self, order_id: str, **options: Unpack[RequestOptions]) -> Flow[BulkJob]:
        """Give the order whenever it has changed, until it is finished."""
        return follow_order(self._transport, order_id, options)

    def _order(self, job: BulkJob) -> BulkOrder[D]:
        return BulkOrder(self._transport, self._driver, job)

    def _post(
        self, order: BulkCall, *, creates: bool, dry_run: bool = False
    ) -> Flow[WithResponse[Any]]:
        fields, options = split_options(order)
        rows = [fields.pop(name) for name in ("items", "csv") if name in fields]
        if len(rows) != 1:
            raise QRFactoryError("Give the rows as items or as csv.")
        defaults = fields.pop("defaults", {})
        if dry_run:
            fields["dry_run"] = True
        body: Any
        if "items" in order:
            body = {**fields, "defaults": with_base64(defaults), "items": [*rows[0]]}
        else:
            body = _form_of(rows[0], {**defaults, **fields})
        path = "/api/v1/generate/bulk/"
        return self._json("POST", path, body=body, creates=creates, options=options)


def _form_of(csv: Union[str, Source], fields: Mapping[str, Any]) -> Form:
    texts: Dict[str, str] = {}
    files = {"file": ("rows.csv", csv.encode() if isinstance(csv, str) else bytes_of(csv))}
    for name, value in fields.items():
        if isinstance(value, (str, int, float)):
            texts[name] = word_of(value)
        elif value is not None:
            files[f"{name}_file"] = (name, bytes_of(value))
    return Form(texts, files)
