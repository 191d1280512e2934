"""The endpoints, a module for each noun: they read, call a query or an operation, and write."""
