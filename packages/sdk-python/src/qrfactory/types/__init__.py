"""The documents of the wire, as the service's own documents describe them. Names are those of the
wire.

Answers are dictionaries; these are their types. A program runs without them.
"""
