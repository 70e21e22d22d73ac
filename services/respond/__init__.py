"""respond: incidents in, holds, effects and remediation activity out."""
