"""Real servers for the tests, each started as a process of this machine where no container engine has it."""
