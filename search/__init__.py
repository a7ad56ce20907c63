"""What makes a library findable: models, embeddings, anchors and the query engine. Vectors never leave here."""
