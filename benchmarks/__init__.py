"""Speed of single parts, measured by scripts that anyone can run; each prints JSON. The whole: ``viewpoint100k bench``.

python -m benchmarks.questions      how fast questions are asked, without any rendering
python -m benchmarks.render         milliseconds a frame of a renderer, part by part
python -m benchmarks.folders        makes folders of a million small objects, or of three huge ones
python -m benchmarks.survey         what a plan, or the first row, of a folder costs, and what it loads
python -m benchmarks.growth         how many rows stay when a hundredth of a folder's files changes
python -m benchmarks.descriptors    how long it takes to compare 100,000 descriptors
"""
