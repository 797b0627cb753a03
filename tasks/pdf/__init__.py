"""The PDF report: what it says (``content``, ``words``), how it looks, how it is put together."""
