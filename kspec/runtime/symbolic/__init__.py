"""The symbolic reading's run time: terms, symbolic values, and one combinator per node of the typed core."""
