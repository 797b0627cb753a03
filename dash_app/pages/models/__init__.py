"""The register: all models."""
