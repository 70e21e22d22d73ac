"""What can go wrong, and what the shell does about it.

* ServiceError      raised on purpose while one message is handled
  x Rejected        the message can never succeed        -> dead letter at once, commit
    x Oversize      it is larger than the log takes      -> the same, its fate named apart
  x Unavailable     something we depend on is down now   -> retried; never a dead letter
    x Absent        it is up, and lacks what we need     -> the same; at the start: StartError, for people must act
* Fenced            another owner took the partition     -> drop the state, do not commit
* StartError        nothing half-starts
  x PluginError     a plug-in file breaks its contract
  x ConfigError     the configuration is wrong; lists every error with file and line

Anything else is a bug: dead letter with its traceback, counted.
"""


class ServiceError(Exception):
    """Base of the errors that a handler raises on purpose."""


class Rejected(ServiceError):
    """The message is invalid; trying again cannot help."""


class Oversize(Rejected):
    """The message is larger than the log takes."""


class Unavailable(ServiceError):
    """A dependency did not answer; trying again may help."""


class Absent(Unavailable):
    """A dependency answered, and what we need of it is not there: people must make it."""


class Fenced(Exception):
    """A newer owner holds the partition; what this one believed is void."""


class StartError(Exception):
    """The service refuses to start."""


class PluginError(StartError):
    """A plug-in module does not honour the contract of its package."""


class ConfigError(StartError):
    """The configuration is wrong; ``problems`` lists every error as ``file:line: what``."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
