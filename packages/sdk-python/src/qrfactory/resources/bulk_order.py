"""One bulk order in the hands of a program: waited for, downloaded, cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Generic, Mapping, Optional

from ..errors import RateLimitError
from ..http.calls import D, action, endpoint
from ..http.effects import Flow, Pause, WithResponse
from ..http.events import ServerEvent, follow_events
from ..http.file import File, download
from ..http.transport import RequestOptions, Transport
from ..types.bulk import BulkJob, BulkStatus
from ._base import JsonResource, part_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Between two questions where the stream of events cannot be had.
POLL_SECONDS = 2.0


def path_of(order_id: str) -> str:
    """Return the path of an order."""
    return f"/api/v1/bulk/{part_of(order_id)}/"


class BulkOrder(JsonResource[D], Generic[D]):
    """An order, and its document ``job`` as it was last seen."""

    def __init__(self, transport: Transport, driver: D, job: BulkJob) -> None:
        super().__init__(transport, driver)
        self.id = job["id"]
        self.job = job

    @property
    def status(self) -> BulkStatus:
        """The state of the order as it was last seen."""
        return self.job["status"]

    @property
    def is_finished(self) -> bool:
        """Whether it is completed, failed or cancelled."""
        return self.job["finished_at"] is not None

    @action
    def wait(
        self,
        *,
        on_progress: Optional[Callable[[BulkJob], object]] = None,
        poll_seconds: Optional[float] = None,
        **options: Unpack[RequestOptions],
    ) -> Flow[BulkJob]:
        """Wait until the order is completed, failed or cancelled; its document says which.

        ``on_progress`` is told of the order whenever it has changed. ``poll_seconds`` asks every so
        often instead of listening to events, for networks that do not let them through.
        """

        def see(job: BulkJob) -> None:
            self.job = job
            if on_progress is not None:
                on_progress(job)

        if poll_seconds is None:
            try:
                yield from follow_order(self._transport, self.id, options, see)
            except RateLimitError:
                # Too many streams are open: asking now and then needs none.
                pass
        while not self.is_finished:
            see((yield from self._json("GET", path_of(self.id), options=options)).data)
            if not self.is_finished:
                yield Pause(POLL_SECONDS if poll_seconds is None else poll_seconds)
        return self.job

    @endpoint
    def download(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[File[D]]]:
        """Return the ZIP of a finished order."""
        return download(self, f"{path_of(self.id)}download/", {}, options)

    @endpoint
    def cancel(self, **options: Unpack[RequestOptions]) -> Flow[WithResponse[None]]:
        """End the order; what was not drawn is given back."""
        return self._nothing("DELETE", path_of(self.id), options=options)


def follow_order(
    transport: Transport,
    order_id: str,
    options: Mapping[str, Any],
    take: Optional[Callable[[BulkJob], object]] = None,
) -> Flow[Any]:
    """Give the document of an order whenever it has changed, until it is finished."""

    def is_last(event: ServerEvent) -> bool:
        return event.name != "progress"

    return follow_events(transport, f"{path_of(order_id)}events/", options, is_last, take)
