"""What every room needs of the process it runs in: environment, files, progress, time."""
