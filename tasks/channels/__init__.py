"""How a notification reaches people outside the bench: one module for each way."""

from collections.abc import Callable, Mapping
from typing import Any

from storage.stores.outbox import Parcel
from tasks.channels import mail, webhooks
from tasks.channels.message import ChannelError, Message, message_of

__all__ = ["ChannelError", "Message", "send"]


WAYS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, str], Message], str]] = {
    "email": mail.send,
    "slack": webhooks.send_slack,
    "teams": webhooks.send_teams,
    "webhook": webhooks.send_json,
}


def send(parcel: Parcel) -> str:
    """Send one message.

    Returns:
        What is to be known about it although it was sent, else "".

    Raises:
        ChannelError: It did not arrive; the text is a sentence without secrets.
    """
    way = WAYS.get(parcel.kind)
    if way is None:
        raise ChannelError(f"This version does not know channels of kind {parcel.kind}.")
    return way(parcel.config, parcel.secrets, message_of(parcel))
