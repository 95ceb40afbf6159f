"""Pictures of figures, as PNG files."""
