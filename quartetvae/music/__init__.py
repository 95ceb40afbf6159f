"""What music is, as records and functions on arrays: it reads and writes no file."""
