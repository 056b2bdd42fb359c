"""The exercises, and the runner that grades them."""
