"""What `viewpoint100k.bench` is made of: whole builds, stages, the usual loop, each timed in processes of its own."""
