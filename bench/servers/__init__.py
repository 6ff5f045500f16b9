"""The programs that the service is compared with. Each runs in a process of its own."""
