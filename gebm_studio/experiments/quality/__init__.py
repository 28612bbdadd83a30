"""How good the images of a model are, measured beside the run on copies of it."""
