"""What sites need to let their visitors subscribe to notifications: two scripts, and the doors they knock at."""
