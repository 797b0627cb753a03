"""One store per aggregate; each returns frozen entities and lets no session out."""
