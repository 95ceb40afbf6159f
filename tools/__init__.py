"""Programs that write what is not written by hand: docs/results.md, the pages of docs/, the weights in the package."""
