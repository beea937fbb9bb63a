"""Publishes a finished data set to the Hugging Face Hub, and puts photos back into rows published without them."""
