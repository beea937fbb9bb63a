"""Chooses the cameras and the frames of a pair, and checks that the images can answer the question."""
