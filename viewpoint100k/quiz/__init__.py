"""How well do people do? A page with rows to answer, and what its result files say together."""
