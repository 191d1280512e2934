"""The composition root: what runs, what starts it and what tells whether it is well."""
