"""Our set as a task of lmms-eval, and the names of other people's benchmarks there and in VLMEvalKit. Data, no code,
but for what lmms-eval calls."""
