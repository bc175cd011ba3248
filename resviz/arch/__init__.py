"""The network as a document; imports neither torch nor numpy."""
