"""SMS through Twilio's Messages resource, and providers that offer the same."""
