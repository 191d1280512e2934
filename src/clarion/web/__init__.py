"""The web interface: one module of pages and one of URLs per noun, and the design system they share."""
