"""Speed, measured by scripts that anyone can run; each prints JSON."""
