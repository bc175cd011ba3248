"""The picture of a document: items, scene, view."""
