"""The matrix: providers, what each can do, how well that is known, and what has proven it.

`proofs` reads the reports of the contract suite, `rows` puts them beside what a plugin says of
itself, and `page` writes that as Markdown. Nothing here runs a test or asks a provider.
"""
