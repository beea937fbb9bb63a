"""The data set as a task of lmms-eval and inspect_ai, and the names of other benchmarks in lmms-eval and VLMEvalKit."""
