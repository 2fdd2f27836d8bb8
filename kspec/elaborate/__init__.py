"""Names, types, lowering: from the syntax tree to the typed core."""
