"""The PDF report: what it says (``content``, ``words``), how it looks, and how it is put together."""
