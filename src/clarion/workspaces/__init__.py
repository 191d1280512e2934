"""Who works here: users, workspaces, memberships with roles, and the audit trail of what they did."""
