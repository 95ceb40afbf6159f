"""The studio: one file that holds pieces, the network and all that it takes to hear what lies between them."""
