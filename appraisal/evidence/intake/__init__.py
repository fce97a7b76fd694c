"""Files in, records out: presets, readers, validation, clock figures and the staging between them."""
