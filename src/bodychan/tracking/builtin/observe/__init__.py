"""What one person's landmarks and depth say of their joints."""
