"""The REST API that programs written for Visual Layer speak. See docs/visual-layer.md."""
