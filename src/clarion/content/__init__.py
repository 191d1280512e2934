"""What is said: templates with versions, their checking, rendering and preview."""
