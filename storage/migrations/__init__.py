"""Alembic migrations, kept inside the package they migrate."""
