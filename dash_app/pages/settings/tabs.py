"""The tabs of the settings screen: the one place where a new one is entered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash_app.pages.settings import channels_tab, reports_tab, storage_tab


@dataclass(frozen=True)
class Tab:
    """A tab: its name in the address, its words, and what draws it when it is opened.

    Attributes:
        name: Value of ``?tab=``.
        label: Words on the tab.
        symbol: Name of its Bootstrap icon.
        layout: Gives the tab's frame; what needs time comes by callbacks (import their module in
            ``callbacks.py``).
    """

    name: str
    label: str
    symbol: str
    layout: Callable[[], Any]


TABS = (
    Tab("notifications", "Notifications", "bell", channels_tab.layout),
    Tab("storage", "Storage", "hdd", storage_tab.layout),
    Tab("reports", "Reports", "file-earmark-pdf", reports_tab.layout),
)
