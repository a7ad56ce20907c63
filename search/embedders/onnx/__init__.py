"""The engine of servers without a graphics card: ONNX Runtime, from files exported once per model.

`export` writes them (with torch, in a process of its own), `exports` finds them, `engine` answers from them without
importing torch, open_clip or transformers. See docs/decisions/0009-two-engines.md.
"""
