"""What commands print of a thing: the page for people, and the document and the fields for programs."""
