"""Speed of single parts, measured by scripts that anyone can run; each prints JSON. The whole: ``viewpoint100k bench``.

python -m benchmarks.questions      how fast questions are asked, without any rendering
python -m benchmarks.render         milliseconds a frame of a renderer, part by part
"""
