"""``make demo-train``: a model of random weights learns the task on this machine, and what it learnt is measured."""
