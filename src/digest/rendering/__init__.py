"""Words and items into what people see: mail, letters, pages of text, pictures, calendar files."""
