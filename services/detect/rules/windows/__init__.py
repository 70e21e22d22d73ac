"""Rules for Windows: Sysmon, Security, System, PowerShell."""
